/**
 * Names and values in a form without any meaning to the npm package `ini`, which otherwise splits names at dots,
 * makes arrays of names ending in `[]`, drops `__proto__`, and cuts values at `#` and `;`.
 */

/** Keeps `__proto__`, `'…'` and the like from standing at the beginning. */
const MARK = ':';

export function encodeName(name: string): string {
  return MARK + encodeURIComponent(name).replaceAll('.', '%2E');
}

export function decodeName(encoded: string): string {
  return decodeURIComponent(encoded.slice(MARK.length));
}

export function encodeValue(value: string): string {
  // ini's pattern for a line stops at these two, which JSON leaves as they are.
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** ini has decoded the JSON already, and has made true, false and null of the words. */
export function decodeValue(read: unknown): string {
  return String(read);
}
