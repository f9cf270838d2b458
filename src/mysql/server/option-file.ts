import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, hasCode } from '../../errors.ts';
import { decode, groupOf, optionLines, plainName, plainValue } from './option-line.ts';

/**
 * The option files of MySQL and MariaDB, read as their own programs read them. Source: "Using Option Files" in the
 * MySQL manual and "Configuring MariaDB with Option Files" in MariaDB's; where they are silent, what my_print_defaults
 * makes of a file.
 */

/** One option as it stands in a file. */
export interface FileOption {
  /** In lower case: the programs ignore the case of a group. */
  readonly group: string;
  /** As written, but with `-` for `_`: the programs take both for the same. */
  readonly name: string;
  /** Undefined: the name stands alone. */
  readonly value: string | undefined;
  /** False for a value of other bytes than UTF-8, which is then read as Latin-1: the caller has to refuse it. */
  readonly isUtf8: boolean;
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

/** Of UTF-8, as Latin-1. */
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

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
  const text = bytes.toString('latin1');
  if (text.startsWith(BYTE_ORDER_MARK)) {
    throw new ConfigError(`${path} begins with a byte order mark, which the MySQL programs refuse`, {
      remedy: 'Save the file as UTF-8 without a byte order mark.',
    });
  }
  let number = 0;
  for (const { text: written, group, option } of optionLines(text)) {
    number += 1;
    const line = written.trim();
    const where = `${path}: line ${number}`;
    if (line.startsWith('!') && depth < MAX_DEPTH) {
      for (const included of findIncluded(line, where)) readInto(read, included, depth + 1);
    }
    if (line.startsWith('[') && groupOf(line) === undefined) {
      throw new ConfigError(`${where}: this group has no closing bracket`);
    }
    if (option === undefined) continue;
    if (group === undefined) {
      throw new ConfigError(`${where}: an option stands before the first [group]`, {
        remedy: 'Put it below a line such as [client].',
      });
    }
    const value = option.value === undefined ? undefined : plainValue(option.value);
    read.options.push({
      group,
      name: plainName(option),
      value: value?.text,
      isUtf8: value?.isUtf8 ?? true,
      file: path,
      line: number,
    });
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
  const path = resolve(decode(target).text);
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
