/** What `mysqld --verbose --help` says of the server that would start there. */
export interface ServerVariables {
  /** Names with `-`; those without a value are missing. */
  readonly values: ReadonlyMap<string, string>;
  /** The option files that it reads, in their order. */
  readonly optionFiles: readonly string[];
  /** The groups of them that it reads, such as `mysqld`. */
  readonly groups: readonly string[];
}

/**
 * Reads the table at the end of the help of a server: it has what the option files of that host say, and what the server was
 * built with. Source: the form in which MySQL and MariaDB print it.
 */
export function readServerVariables(help: string): ServerVariables {
  const [head = '', table = ''] = help.split(/^-{20,} -+$/m);
  const lines = table.split('\n').flatMap((line) => {
    const [, name, value] = /^([a-z][a-z0-9-]*) +(.*?)\s*$/.exec(line) ?? [];
    return name === undefined || value === undefined || value === '(No default value)'
      ? []
      : [[name, value] as const];
  });
  const files =
    /^Default options are read from the following files in the given order:\n(.*)$/m.exec(head)?.[1] ?? '';
  const groups = /^The following groups are read: (.*)$/m.exec(head)?.[1] ?? '';
  return {
    values: new Map(lines),
    optionFiles: files.split(' ').filter((path) => path.startsWith('/')),
    groups: groups.split(' ').filter((group) => group !== ''),
  };
}
