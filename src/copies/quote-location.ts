import { escapeControls, hasControls } from '../foreign-text.ts';

/**
 * The location of a copy as one line: itself, and with control characters in it the form `$'…'`, which bash and zsh take
 * back as well as `unquoteLocation` does.
 */
export function quoteLocation(location: string): string {
  if (!hasControls(location)) return location;
  return `$'${escapeControls(location.replace(/[\\']/g, '\\$&'))}'`;
}

const PLAIN: ReadonlyMap<string, string> = new Map([
  ['\\n', '\n'],
  ['\\r', '\r'],
  ['\\t', '\t'],
  ['\\\\', '\\'],
  ["\\'", "'"],
]);

/** What `quoteLocation` was given. Text in no such form is taken as it is. */
export function unquoteLocation(text: string): string {
  const quoted = /^\$'(.*)'$/s.exec(text)?.[1];
  if (quoted === undefined) return text;
  return quoted.replace(/\\(?:u([0-9a-f]{4})|.)/gs, (escaped, code: string | undefined) =>
    code === undefined ? (PLAIN.get(escaped) ?? escaped) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
