/** Bytes of a status file. That of a host with ten thousand copies has some 20 MiB. */
export const MAX_STATUS_BYTES = 64 << 20;

/** How deep lists and objects may lie in each other; a status of ours needs 5. */
const MAX_DEPTH = 50;

/** Members of all objects and lists. Each takes some 100 bytes of memory, however short its text. */
const MAX_MEMBERS = 4_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: readonly number[] = [0x5b, 0x7b];
const CLOSING: readonly number[] = [0x5d, 0x7d];

/**
 * Why a JSON text would take too much memory, or too deep a stack, to be parsed and written; undefined when it would not. Looks
 * at brackets and commas only, whether the rest is JSON or not.
 */
export function excessOf(json: string): string | undefined {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (CLOSING.includes(code)) depth -= 1;
    else if (code === COMMA || OPENING.includes(code)) {
      members += 1;
      if (code !== COMMA) depth += 1;
    }
    if (depth > MAX_DEPTH) return `more than ${MAX_DEPTH} levels`;
    if (members > MAX_MEMBERS) return `more than ${MAX_MEMBERS} members`;
  }
  return undefined;
}

/** Where the string that begins at `start` has its closing quote; the end of the text when it has none. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return json.length;
}
