/** The options that the backup program itself puts into a copy; `--prepare` reads them. */
export const BACKUP_MY_CNF = 'backup-my.cnf';

/** Fewer options than this in a help text mean that it was not understood. */
const FEWEST_OPTIONS = 50;

/**
 * The names of the options that the `--help` of a program lists, with `-` for `_`; undefined when the text is not such a
 * list. Source: the form in which the programs of MySQL and MariaDB print them, `  -x, --name[=value]`.
 */
export function readKnownOptions(help: string): ReadonlySet<string> | undefined {
  const matches = help.matchAll(/^\s+(?:-\S, )?--(?:\[no-\])?([a-z0-9][a-z0-9_-]*)/gim);
  const names = new Set([...matches].map(([, name = '']) => normalise(name)));
  return names.size < FEWEST_OPTIONS ? undefined : names;
}

function normalise(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

interface KeptOptions {
  readonly content: string;
  /** Names of the options that were dropped. */
  readonly dropped: readonly string[];
}

/** Options of this kind bring others with them, which no help lists before the plugin is loaded. */
const LOADS_PLUGINS = /^(early-)?plugin-load(-add)?$/;

/** Turns the options that are not known into comments. Those of the plugins that the file loads stay. */
export function dropUnknownOptions(content: string, known: ReadonlySet<string>): KeptOptions {
  const lines = content.split('\n').map((line) => ({ line, ...readOption(line) }));
  const plugins = lines
    .filter(({ name }) => name !== undefined && LOADS_PLUGINS.test(name))
    .flatMap(({ value }) => value.match(/[a-z0-9_-]+/gi) ?? [])
    .map(normalise);
  const isKnown = (name: string) => {
    const plain = name.replace(/^(loose|skip|enable|disable|maximum)-/, '');
    return (
      name.startsWith('loose-') ||
      LOADS_PLUGINS.test(name) ||
      known.has(name) ||
      known.has(plain) ||
      plugins.some((plugin) => plain === plugin || plain.startsWith(`${plugin}-`))
    );
  };
  const dropped = lines.flatMap(({ name }) => (name === undefined || isKnown(name) ? [] : [name]));
  const kept = lines.map(({ line, name }) =>
    name === undefined || isKnown(name) ? line : `# not known here: ${line}`,
  );
  return { content: kept.join('\n'), dropped };
}

/** The name in a line, or none in a comment, a group or an empty line. */
export function readOption(line: string): { name: string | undefined; value: string } {
  const [, name, value = ''] = /^\s*([a-z0-9][\w-]*)\s*(?:=(.*))?$/i.exec(line) ?? [];
  return { name: name === undefined ? undefined : normalise(name), value };
}

/** The value of an option in a file of this kind. */
export function findOption(content: string, wanted: string): string | undefined {
  const options = content.split('\n').map(readOption);
  return options.findLast(({ name }) => name === normalise(wanted))?.value.trim();
}
