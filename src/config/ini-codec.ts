/**
 * The npm package `ini` gives meaning to names and values that to Python's configparser are text like any other. Only
 * those are written in another form; a plain name or value stays as it is.
 */

/** `ini` splits names at dots, strips quotes, makes arrays of names that end in `[]`, and drops `__proto__`. */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /^_|[.']/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function decodeName(encoded: string): string {
  return decodeURIComponent(encoded);
}

/** `ini` strips quotes and backslashes, cuts at `#` and `;`, and its pattern for a line stops at the last three. */
const MEANT_OTHERWISE = /["'\\#;\n\u2028\u2029]/;

export function encodeValue(value: string): string {
  if (!MEANT_OTHERWISE.test(value)) return value;
  // JSON leaves these two as they are.
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** `ini` has decoded the JSON already, and has made true, false and null of the words. */
export function decodeValue(read: unknown): string {
  return String(read);
}
