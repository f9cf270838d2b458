import { ConfigError } from '../errors.ts';
import { encodeName, encodeValue } from './ini-codec.ts';

/** A section header, or an option with all the lines of its value. */
type Entry =
  | { readonly kind: 'section'; readonly line: number; readonly name: string; readonly rest: string }
  | { readonly kind: 'option'; readonly line: number; readonly name: string; readonly value: string[] };

/** Python 3 up to 3.9: the name ends at the first bracket, and what follows it is ignored. */
const HEADER = /^\[([^\]]+)\](.*)$/s;
/** The first `=` or `:` separates; without any the value is empty. */
const OPTION = /^([^=:]*?)\s*(?:[=:]\s*(.*))?$/s;

/**
 * Splits the text as Python's configparser does: a line indented deeper than its option continues the value, also
 * after blank lines and comments; a comment fills its whole line; options and headers may be indented themselves.
 */
function splitEntries(source: string): Entry[] {
  const entries: Entry[] = [];
  let open: string[] | undefined;
  let indent = 0;
  for (const [index, physical] of source.split(/\r\n|\r|\n/).entries()) {
    const content = physical.trim();
    if (content.startsWith('#') || content.startsWith(';')) continue;
    if (content === '') {
      open?.push('');
      continue;
    }
    const depth = physical.length - physical.trimStart().length;
    if (open !== undefined && depth > indent) {
      open.push(content);
      continue;
    }
    indent = depth;
    const line = index + 1;
    const header = HEADER.exec(content);
    if (header === null) {
      const [, name = '', value = ''] = OPTION.exec(content) ?? [];
      open = [value];
      entries.push({ kind: 'option', line, name, value: open });
    } else {
      const [, name = '', rest = ''] = header;
      open = undefined;
      entries.push({ kind: 'section', line, name, rest: rest.trim() });
    }
  }
  return entries;
}

/**
 * Rewrites a configuration file in the dialect of Python's configparser into text that the npm package `ini` can
 * only read one way: one line an option, names and values encoded (see ini-codec.ts), option names in lower case.
 * Values are as written: quotes stay, `%` is not interpolated. What is set twice gets a warning.
 * Throws a ConfigError that names the file and the line.
 */
export function rewriteForIni(source: string, file: string, warn: (message: string) => void): string {
  const lines: string[] = [];
  const seen = new Map<string, number>();
  const noteAgain = (what: string, line: number, outcome: string): void => {
    const before = seen.get(what);
    if (before !== undefined)
      warn(`${file}: ${what} stands twice, in lines ${before} and ${line}; ${outcome}`);
    seen.set(what, line);
  };
  let section: string | undefined;
  for (const entry of splitEntries(source)) {
    if (entry.kind === 'section') {
      section = entry.name;
      noteAgain(`[${section}]`, entry.line, 'the options of both count');
      if (/^[^#;]/.test(entry.rest)) {
        warn(`${file}: line ${entry.line}: what follows [${section}] on its line is ignored`);
      }
      lines.push(`[${encodeName(section)}]`);
      continue;
    }
    const name = entry.name.toLowerCase();
    if (name === '')
      throw new ConfigError(`${file}: line ${entry.line}: there is no option name before the separator`);
    if (section === undefined) {
      throw new ConfigError(
        `${file}: line ${entry.line}: option ${JSON.stringify(entry.name)} stands before any section`,
        {
          remedy: 'Put a section header such as [source] above it.',
        },
      );
    }
    noteAgain(`[${section}] ${name}`, entry.line, 'the later one counts');
    lines.push(`${encodeName(name)}=${encodeValue(entry.value.join('\n').trimEnd())}`);
  }
  return lines.join('\n');
}
