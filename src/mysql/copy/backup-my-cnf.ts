import { optionLines, plainName, type WrittenOption } from '../server/option-line.ts';

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
  const lines = Array.from(optionLines(content), ({ text, option }) => ({
    text,
    name: option && nameOf(option),
    value: option?.value ?? '',
  }));
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
  const kept = lines.map(({ text, name }) =>
    name === undefined || isKnown(name) ? text : `# not known here: ${text}`,
  );
  return { content: kept.join('\n'), dropped };
}

/** In lower case and with `-` for `_`. */
export function nameOf(option: WrittenOption): string {
  return plainName(option).toLowerCase();
}

/** The value of an option in a file of this kind, as it is written. */
export function findOption(content: string, wanted: string): string | undefined {
  const options = Array.from(optionLines(content), ({ option }) => option);
  const found = options.findLast((option) => option && nameOf(option) === normalise(wanted));
  return found && (found.value ?? '');
}
