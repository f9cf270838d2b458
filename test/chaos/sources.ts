import { createCipheriv } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

/** What is backed up: it has another content in each generation, and tells whether a restored folder has that of one. */
export interface Source extends AsyncDisposable {
  /** The sections of the configuration that name it. */
  readonly sections: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** Changes it, and returns the number of its new content. */
  advance(): Promise<number>;
  /** What is wrong with a copy of that generation, restored to `dst`; undefined: it is as it was. */
  compare(dst: string, generation: number): string | undefined;
  /** What is wrong with a restored binary log. */
  compareLog(file: string, name: string): string | undefined;
}

export function fileSource(folder: string, bytes: number): Source {
  let generation = 0;
  const contents = (of: number): Map<string, Buffer> =>
    new Map([
      ['generation', Buffer.from(`generation ${of}\n`)],
      ['a folder/a "name"', Buffer.from(`${of} `.repeat(500))],
      [`only in ${of}`, Buffer.from('')],
      ['large', noise(of, bytes)],
    ]);
  return {
    sections: { source: { backup_dirs: folder } },
    async advance() {
      generation += 1;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(join(folder, 'a folder'), { recursive: true });
      for (const [name, content] of contents(generation)) writeFileSync(join(folder, name), content);
      symlinkSync('generation', join(folder, 'link'));
      return generation;
    },
    compare(dst, of) {
      const restored = join(dst, folder);
      const expected = contents(of);
      const names = existsSync(restored) ? readdirSync(restored, { recursive: true, encoding: 'utf8' }) : [];
      if (names.length !== expected.size + 2)
        return `has ${names.length} members instead of ${expected.size + 2}`;
      for (const [name, content] of expected) {
        if (!names.includes(name)) return `has no ${name}`;
        if (!readFileSync(join(restored, name)).equals(content)) return `has another content in ${name}`;
      }
      return undefined;
    },
    compareLog: () => 'is a binary log of no server',
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Bytes that do not compress, the same for the same seed: a cipher's stream. */
function noise(seed: number, bytes: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'chaos'), Buffer.alloc(16, String(seed)));
  return cipher.update(Buffer.alloc(bytes));
}

/** A server with a table to which each generation adds a row. */
export async function mysqlSource(): Promise<Source> {
  const server: MariadbServer = await startMariadb();
  let generation = 0;
  await server.sql('CREATE DATABASE chaos');
  await server.sql(
    'CREATE TABLE chaos.marks (id INT PRIMARY KEY, mark CHAR(40) CHARACTER SET latin1) ENGINE=InnoDB',
  );
  const mark = (of: number): string => `chaos-mark-${of}-`;
  return {
    sections: { source: { backup_mysql: 'yes' }, mysql: { mysql_defaults_file: server.defaultsFile } },
    async advance() {
      generation += 1;
      await server.sql('INSERT INTO chaos.marks VALUES (?, ?)', [generation, mark(generation)]);
      return generation;
    },
    compare(dst, of) {
      const file = join(dst, 'chaos', 'marks.ibd');
      if (!existsSync(file)) return 'has no table';
      const bytes = readFileSync(file);
      if (!bytes.includes(mark(of))) return `lacks the row ${of}`;
      return bytes.includes(mark(of + 1)) ? `has the later row ${of + 1}` : undefined;
    },
    compareLog(file, name) {
      const original = join(server.binlogDir, name);
      if (!existsSync(file)) return 'was not restored';
      return !existsSync(original) || readFileSync(original).equals(readFileSync(file))
        ? undefined
        : 'has another content than that of the server';
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
