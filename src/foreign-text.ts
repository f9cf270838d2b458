/**
 * Text that others chose: names of files and objects, answers of servers, last words of programs. In a message it must not
 * begin a line, for what follows would look like a message of ours, and must not steer the terminal that shows it.
 */

/** Ends a line, steers a terminal, or turns the direction of what is read. */
const CONTROL = '[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Bidi_Control}]';
const ANY = new RegExp(CONTROL, 'u');
const EACH = new RegExp(CONTROL, 'gu');
const EACH_BUT_LINES = new RegExp(`(?![\\n\\t])${CONTROL}`, 'gu');

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** A server's message may have megabytes. */
const MAX_LENGTH = 4000;

export function hasControls(text: string): boolean {
  return ANY.test(text);
}

/** A control character as the words that bash and zsh know for it. */
function escapeControl(character: string): string {
  return SHORT.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export function escapeControls(text: string): string {
  return text.replace(EACH, escapeControl);
}

/** Foreign text as a part of one line of a message: without control characters, and not longer than a screen. */
export function asOneLine(text: string): string {
  const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return escapeControls(shown.trim());
}

/** A finished message of several lines with everything else escaped that steers a terminal. */
export function escapeInLines(text: string): string {
  return text.replace(EACH_BUT_LINES, escapeControl);
}
