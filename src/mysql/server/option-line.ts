import { isUtf8 } from 'node:buffer';

/**
 * The grammar of a my.cnf's lines, as the programs of MySQL and MariaDB read them. They trim bytes, and by Latin-1: 0xA0 is a
 * blank, also as the last byte of a UTF-8 letter such as `à`. This is what trim() does to text of one byte a character.
 */

/** An option by its parts as they are written: joined they are the line again. */
export interface WrittenOption {
  readonly indent: string;
  readonly name: string;
  /** With the blanks around it; empty where the name stands alone. */
  readonly equals: string;
  /** With its quotes; undefined where the name stands alone. */
  readonly value: string | undefined;
  /** Blanks and the comment. */
  readonly tail: string;
}

/** A line with what the grammar makes of it. */
export interface OptionLine {
  readonly text: string;
  /** In lower case, as the programs ignore its case; undefined before the first header. A header belongs to its own group. */
  readonly group: string | undefined;
  /** Undefined for headers, directives, comments and empty lines. */
  readonly option: WrittenOption | undefined;
}

/** The lines of an option file. */
export function* optionLines(content: string): Generator<OptionLine> {
  let group: string | undefined;
  for (const text of content.split('\n')) {
    group = groupOf(text) ?? group;
    yield { text, group, option: splitOption(text) };
  }
}

/** The group whose header this line is. Blanks before the name are part of it: `[ client ]` is not `client`. */
export function groupOf(line: string): string | undefined {
  return /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trimEnd().toLowerCase();
}

function splitOption(line: string): WrittenOption | undefined {
  if (/^\s*(?:[#;![]|$)/.test(line)) return undefined;
  const said = dropComment(line).trimEnd();
  const sign = said.indexOf('=');
  const before = sign === -1 ? said : said.slice(0, sign);
  const name = before.trim();
  const indent = before.slice(0, before.length - before.trimStart().length);
  const value = sign === -1 ? undefined : said.slice(sign + 1).trim();
  const equals = said.slice(indent.length + name.length, said.length - (value ?? '').length);
  return { indent, name, equals, value, tail: line.slice(said.length) };
}

/** The name with `-` for `_`: the programs take both for the same. */
export function plainName({ name }: WrittenOption): string {
  return name.replaceAll('_', '-');
}

/** The value without its quotes, and false where its bytes are no UTF-8: it is Latin-1 then. */
export function plainValue(value: string): { text: string; isUtf8: boolean } {
  return decode(unquote(value));
}

/** What this text of Latin-1 is in UTF-8, where it is that. */
export function decode(latin1: string): { text: string; isUtf8: boolean } {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? { text: bytes.toString(), isUtf8: true } : { text: latin1, isUtf8: false };
}

/** The line without its comment: a `#` outside quotes ends it, wherever it stands. */
function dropComment(line: string): string {
  let quote: string | undefined;
  let escaped = false;
  for (let index = 0; index < line.length; index++) {
    const char = line[index];
    if ((char === '"' || char === "'") && !escaped) {
      if (quote === undefined) quote = char;
      else if (quote === char) quote = undefined;
    }
    if (quote === undefined && char === '#') return line.slice(0, index);
    escaped = quote !== undefined && char === '\\' && !escaped;
  }
  return line;
}

/** What a backslash makes of the character behind it; before any other it stands for itself. */
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  s: ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function unquote(value: string): string {
  const first = value[0];
  const isQuoted = value.length > 1 && (first === '"' || first === "'") && value.endsWith(first);
  const inner = isQuoted ? value.slice(1, -1) : value;
  return inner.replace(/\\(.)/gs, (whole, char: string) => ESCAPES[char] ?? whole);
}
