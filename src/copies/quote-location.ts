/** Characters that end a line or steer a terminal. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\\', '\\\\'],
  ["'", "\\'"],
]);

/**
 * The location of a copy as one line: itself, and with control characters in it the form `$'…'`, which bash and zsh take
 * back as well as `unquoteLocation` does.
 */
export function quoteLocation(location: string): string {
  if (!CONTROL.test(location)) return location;
  return `$'${location.replace(/[\p{Cc}\p{Zl}\p{Zp}\\']/gu, escapeCharacter)}'`;
}

/** A control character as the words that bash and zsh know for it. */
export function escapeCharacter(character: string): string {
  return SHORT.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const PLAIN: ReadonlyMap<string, string> = new Map(
  [...SHORT].map(([character, short]) => [short, character]),
);

/** What `quoteLocation` was given. Text in no such form is taken as it is. */
export function unquoteLocation(text: string): string {
  const quoted = /^\$'(.*)'$/s.exec(text)?.[1];
  if (quoted === undefined) return text;
  return quoted.replace(/\\(?:u([0-9a-f]{4})|.)/gs, (escaped, code: string | undefined) =>
    code === undefined ? (PLAIN.get(escaped) ?? escaped) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
