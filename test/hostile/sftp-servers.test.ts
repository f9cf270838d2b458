import { afterEach, describe, expect, it } from 'vitest';
import { openSsh } from '../../src/destinations/ssh/driver.ts';
import { describeError, StorageError } from '../../src/errors.ts';
import { FILES_STATUS } from '../../src/kinds/files.ts';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { withEntry } from '../../src/status/layout.ts';
import { openStatusStore } from '../../src/status/status-store.ts';
import { keepLog } from '../integration/s3-lab.ts';
import {
  attributes,
  entry,
  FILE_MODE,
  type Lie,
  type LyingSftp,
  STATUS_CODE,
  startLyingSftp,
} from './lying-sftp.ts';

// An SFTP server that does not come to an end, or names what can be no file of a backup.

let server: LyingSftp | undefined;
afterEach(async () => await server?.[Symbol.asyncDispose]());

const log = keepLog();
async function open(lie: Lie) {
  server = await startLyingSftp(lie);
  return openSsh(server.config, log);
}

const KEY = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';

/** Lists what `pageOf` says of a folder, page after page; undefined is its end. */
const listing =
  (pageOf: (folder: string, page: number) => readonly string[] | undefined): Lie =>
  (sftp) => {
    const opened: { readonly folder: string; page: number }[] = [];
    sftp.on('OPENDIR', (id, folder) => {
      opened.push({ folder, page: 0 });
      sftp.handle(id, Buffer.from([opened.length - 1]));
    });
    sftp.on('READDIR', (id, handle) => {
      const state = opened[handle[0] ?? 0];
      const names = state && pageOf(state.folder, state.page++);
      if (names) sftp.name(id, names.map(entry));
      else sftp.status(id, STATUS_CODE.EOF);
    });
    sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
  };

async function keysBelow(lie: Lie, prefix = 'db1/'): Promise<string[]> {
  await using destination = await open(lie);
  const keys: string[] = [];
  for await (const { key } of destination.list(prefix)) keys.push(key);
  return keys;
}

async function failureOf(lie: Lie): Promise<string> {
  const error: unknown = await keysBelow(lie).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StorageError);
  return describeError(error);
}

describe('a listing', () => {
  it('whose folder repeats its names for ever ends with an error and a remedy', async () => {
    expect(await failureOf(listing(() => ['a', 'b', 'c']))).toMatch(
      /^Cannot list ssh:\/\/backup@127\.0\.0\.1:\d+\/srv\/backups\/db1\/: the listing does not end, the server repeats a page\nThe server is at fault/,
    );
  });

  it('of folders in each other for ever ends with an error', async () => {
    const name = `${'d'.repeat(250)}/`;
    const lie = listing((_folder, page) => (page === 0 ? [name] : undefined));
    expect(await failureOf(lie)).toContain('folders lie in each other without an end');
  });

  it('leaves out names that would lead elsewhere', async () => {
    const odd = ['.', '..', '../x', 'a/b', '/etc/passwd', 'a\0b', '.partial', '../'];
    const pages = [odd, ['daily/']];
    const lie = listing((folder, page) => (folder.endsWith('db1') ? pages[page] : [[...odd, 'one']][page]));
    expect(await keysBelow(lie)).toEqual(['db1/daily/one']);
  });

  it('of files without size and time has them all the same', async () => {
    await using destination = await open((sftp) => {
      sftp.on('STAT', (id) => sftp.attrs(id, { mode: FILE_MODE } as ReturnType<typeof attributes>));
    });
    const { size, modified } = (await destination.stat(KEY)) ?? {};
    expect([size, modified?.getTime()]).toEqual([0, 0]);
  });
});

it('what is left half-written has no command where its name would be a command of its own to sftp', async () => {
  // Each of them had `sftp` run `id` here: by a line of its own, or by one that the `echo` of dash makes.
  const names = ['plain', `a\\'"\n!id #`, String.raw`a\'"\n!id #`];
  await using destination = await open((sftp) => {
    listing((_folder, page) => (page === 0 ? names : undefined))(sftp);
    // Nothing has been written to them for long.
    sftp.on('LSTAT', (id) => sftp.attrs(id, attributes(FILE_MODE, 3)));
  });
  const found = await destination.leftovers('db1');
  expect(found.map(({ command }) => command)).toEqual([
    expect.stringMatching(/^echo 'rm \/srv\/backups\/db1\/\.partial\/plain' \| sftp /),
    undefined,
    undefined,
  ]);
});

it('a status of 700 MB is damaged, its second copy is used, and hardly more than the limit is read', async () => {
  const status = withEntry(FILES_STATUS.empty, 'daily', KEY, { size: 1 });
  const second = Buffer.from(encodeEnvelope(status));
  const isSecond = (handle: Buffer): boolean => handle[0] === 1;
  let bytes = 0;
  await using destination = await open((sftp) => {
    sftp.on('OPEN', (id, path) => sftp.handle(id, Buffer.from([path.endsWith('.copy') ? 1 : 0])));
    sftp.on('FSTAT', (id, handle) =>
      sftp.attrs(id, attributes(FILE_MODE, isSecond(handle) ? second.length : 700 << 20)),
    );
    sftp.on('READ', (id, handle, offset, length) => {
      if (!isSecond(handle)) bytes += length;
      sftp.data(id, isSecond(handle) ? second.subarray(offset, offset + length) : Buffer.alloc(length, 'A'));
    });
    sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
  });
  const { signal } = new AbortController();
  const store = openStatusStore(destination, 'db1', FILES_STATUS, { log, signal });
  expect((await store.read()).status).toEqual(status);
  expect(log.lines.at(-1)).toMatch(
    /files-status is damaged: it has more than 64\.0 MiB; its second copy is used$/,
  );
  expect(bytes).toBeLessThan(100 << 20);
});

it('an error that forges lines of ours and steers the terminal is one line of a message', async () => {
  const message = await failureOf((sftp) => {
    sftp.on('OPENDIR', (id) =>
      sftp.status(id, STATUS_CODE.FAILURE, 'no\nERROR: Nothing was backed up\u001b[2J'),
    );
  });
  expect(message).toMatch(/^Cannot list \S+: no\\nERROR: Nothing was backed up\\u001b\[2J$/);
});
