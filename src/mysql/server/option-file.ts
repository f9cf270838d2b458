import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, hasCode } from '../../errors.ts';

/**
 * The option files of MySQL and MariaDB, read as their own programs read them. Source: "Using Option Files" in the
 * MySQL manual and "Configuring MariaDB with Option Files" in MariaDB's; where they are silent, what my_print_defaults
 * makes of a file.
 */

/** One option as it stands in a file. */
export interface FileOption {
  readonly group: string;
  /** As written, but with `-` for `_`: the programs take both for the same. */
  readonly name: string;
  /** Undefined: the name stands alone. */
  readonly value: string | undefined;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A file that was read, with its bytes as they lie on disk. */
export interface ReadFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface OptionFile {
  /** In the order in which they count: a later one overrides an earlier one. */
  readonly options: readonly FileOption[];
  /** The file itself, then what it includes, in the order of reading. */
  readonly files: readonly ReadFile[];
}

/** How deep the programs follow includes; deeper ones they leave out. */
const MAX_DEPTH = 10;

const WORLD_WRITABLE = 0o002;

/**
 * Reads an option file and what it includes. A missing included file counts as empty, as it does for the programs.
 * Throws a ConfigError that names file and line for whatever makes the programs refuse the file, or pass it over.
 */
export function readOptionFile(path: string): OptionFile {
  const read = { options: [] as FileOption[], files: [] as ReadFile[] };
  readInto(read, resolve(path), 0);
  return read;
}

function readInto(read: { options: FileOption[]; files: ReadFile[] }, path: string, depth: number): void {
  const bytes = readBytes(path, depth > 0);
  if (bytes === undefined) return;
  read.files.push({ path, bytes });
  let group: string | undefined;
  // Bytes of another encoding stay apart from each other; whoever uses such a value has to refuse it.
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const where = `${path}: line ${index + 1}`;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('!')) {
      if (depth >= MAX_DEPTH) continue;
      for (const included of findIncluded(line, where)) readInto(read, included, depth + 1);
    } else if (line.startsWith('[')) {
      group = readGroup(line, where);
    } else {
      if (group === undefined) {
        throw new ConfigError(`${where}: an option stands before the first [group]`, {
          remedy: 'Put it below a line such as [client].',
        });
      }
      read.options.push({ ...readOption(line), group, file: path, line: index + 1 });
    }
  }
}

function readBytes(path: string, isIncluded: boolean): Buffer | undefined {
  try {
    if (statSync(path).mode & WORLD_WRITABLE) {
      throw new ConfigError(`${path} is writable by everyone, so the MySQL programs pass it over`, {
        remedy: `Run: chmod o-w '${path}'`,
      });
    }
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    if (isIncluded && hasCode(cause, 'ENOENT')) return undefined;
    throw new ConfigError(`Cannot read the option file ${path}`, { cause });
  }
}

/** The files that a line starting with `!` names. Unknown directives are passed over, as the programs do. */
function findIncluded(line: string, where: string): string[] {
  const [, directive, target] = /^!(include|includedir)\s+(.+)$/.exec(line) ?? [];
  if (directive === undefined || target === undefined) return [];
  // A relative name starts from the current folder, not from that of the file.
  const path = resolve(target);
  if (directive === 'include') return [path];
  try {
    // In the order of their bytes, hidden files among them.
    const names = readdirSync(path, { encoding: 'latin1' }).filter((name) => name.endsWith('.cnf'));
    return names
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((name) => join(path, Buffer.from(name, 'latin1').toString()));
  } catch (cause) {
    throw new ConfigError(`${where}: cannot read the folder ${path}`, { cause });
  }
}

function readGroup(line: string, where: string): string {
  const end = line.indexOf(']');
  if (end === -1) throw new ConfigError(`${where}: this group has no closing bracket`);
  return line.slice(1, end).trim();
}

function readOption(line: string): { name: string; value: string | undefined } {
  const text = dropComment(line);
  const equals = text.indexOf('=');
  const name = (equals === -1 ? text : text.slice(0, equals)).trim().replaceAll('_', '-');
  return { name, value: equals === -1 ? undefined : unquote(text.slice(equals + 1).trim()) };
}

/** The line without its comment: a `#` outside quotes ends it, wherever it stands. */
export function dropComment(line: string): string {
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
