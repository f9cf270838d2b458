import { ConfigError } from '../errors.ts';
import { encodeName, encodeValue } from './ini-codec.ts';

/** Python 3 up to 3.9: the name ends at the first bracket, and what follows it is ignored. */
const HEADER = /^\[([^\]]+)\]\s*(.*)$/s;
/** The first `=` or `:` separates; without any the value is empty. */
const OPTION = /^([^=:]*?)\s*(?:[=:]\s*(.*))?$/s;

/**
 * Rewrites a configuration file as the npm package `ini` has to see it to find what Python's configparser finds. It stays
 * because `ini` knows neither `:` as a separator, nor indented lines that continue a value (also after blank lines and
 * comments), nor option names without case, and takes quotes, `#`, `;`, `\` and dots for more than text (see ini-codec.ts).
 * Values are as written: quotes stay, `%` is not interpolated. What is set twice gets a warning.
 * Throws a ConfigError that names the file and the line.
 */
export function rewriteForIni(source: string, file: string, warn: (message: string) => void): string {
  /** Up to the value, and its lines, which a header does not have. */
  const entries: (readonly [start: string, value: string[]])[] = [];
  const seen = new Map<string, number>();
  const noteAgain = (what: string, line: number, outcome: string): void => {
    const before = seen.get(what);
    if (before !== undefined)
      warn(`${file}: ${what} stands twice, in lines ${before} and ${line}; ${outcome}`);
    seen.set(what, line);
  };
  let section: string | undefined;
  let open: string[] | undefined;
  let indent = 0;
  for (const [index, physical] of source.split(/\r\n|\r|\n/).entries()) {
    const content = physical.trim();
    if (content.startsWith('#') || content.startsWith(';')) continue;
    const depth = physical.length - physical.trimStart().length;
    if (content === '' || (open !== undefined && depth > indent)) {
      open?.push(content);
      continue;
    }
    indent = depth;
    const line = index + 1;
    const header = HEADER.exec(content);
    if (header !== null) {
      const [, name = '', rest = ''] = header;
      section = name;
      open = undefined;
      noteAgain(`[${name}]`, line, 'the options of both count');
      if (/^[^#;]/.test(rest)) warn(`${file}: line ${line}: what follows [${name}] on its line is ignored`);
      entries.push([`[${encodeName(name)}]`, []]);
      continue;
    }
    const [, written = '', value = ''] = OPTION.exec(content) ?? [];
    if (written === '')
      throw new ConfigError(`${file}: line ${line}: there is no option name before the separator`);
    if (section === undefined) {
      throw new ConfigError(
        `${file}: line ${line}: option ${JSON.stringify(written)} stands before any section`,
        {
          remedy: 'Put a section header such as [source] above it.',
        },
      );
    }
    const name = written.toLowerCase();
    noteAgain(`[${section}] ${name}`, line, 'the later one counts');
    open = [value];
    entries.push([`${encodeName(name)}=`, open]);
  }
  return entries.map(([start, value]) => start + encodeValue(value.join('\n').trimEnd())).join('\n');
}
