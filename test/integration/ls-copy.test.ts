import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { damage } from '../fixtures/mysql-copies.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { end, payload } from '../fixtures/xbstream.ts';
import { useLab } from '../lab/lab.ts';

const lab = useLab();
const { recipient, keyring, secretKeyring } = lab.gpg;
const gpg = { recipient, keyring, secret_keyring: secretKeyring };

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  chmodSync(sandbox.file('source/file', 'content'), 0o4750);
  sandbox.file('source/folder/new\nline', 'x');
  symlinkSync('file', join(source, 'link'));
  linkSync(join(source, 'file'), join(source, 'other'));
});
afterEach(() => sandbox[Symbol.dispose]());

const list = async (...args: string[]) => {
  const temporary = join(sandbox.dir, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const result = await sandbox.start(['ls', ...args], { TMPDIR: temporary }).result;
  expect(readdirSync(temporary)).toEqual([]);
  return result;
};
const ownCopy = async () =>
  (await listCopies(sandbox)).find((each) => each.includes(source.replaceAll('/', '_'))) ?? '';

/** Mode, owner and group, size and time of each path, as find(1) sees them in the directory. */
const expected = () =>
  execFileSync('find', [source, '-printf', '%M %u/%g %s %TY-%Tm-%Td %TH:%TM:%.2TS %p\\n'])
    .toString()
    .replaceAll('new\nline', 'new\\nline');

describe.each([
  ['local', { program: 'gzip' }, {}],
  ['ssh', { program: 'zstd' }, { gpg }],
  ['s3', { program: 'gzip' }, { gpg }],
] as const satisfies readonly [LabKind, object, object][])(
  'ls COPY on %s',
  (kind, compression, encryption) => {
    beforeEach(() =>
      sandbox.configure({
        ...destinationSections(kind, sandbox, lab),
        ...encryption,
        compression,
        source: { backup_dirs: source },
        measures: { log: join(sandbox.dir, 'measures.log') },
      }),
    );

    it('lists mode, owner, size, time and path of each file of a directory', async () => {
      expect(await sandbox.backup()).toEqual(SILENT);
      const { exitCode, stdout, stderr } = await list(await ownCopy());
      expect([exitCode, stderr]).toEqual([0, '']);
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toHaveLength(6);
      for (const line of lines) {
        const [, letters = '', who = '', size = '', date = '', time = '', path = '', target] =
          /^(\S+) (\S+) +(\d+) (\S+) (\S+) (.*?)( -> .*| is also .*)?$/.exec(line) ?? [];
        const name = path.replace(/^\$'(.*)'$/, '$1');
        expect(name.startsWith(source)).toBe(true);
        if (letters.startsWith('h'))
          expect(target).toBe(` is also ${join(source, name.endsWith('file') ? 'other' : 'file')}`);
        else if (letters.startsWith('l')) expect(target).toBe(' -> file');
        else if (letters.startsWith('d')) expect(expected()).toContain(`${letters} ${who} `);
        else expect(expected()).toContain(`${letters} ${who} ${size} ${date} ${time} ${name}`);
      }
      const json = JSON.parse((await list(await ownCopy(), '--json')).stdout) as {
        members: { path: string }[];
      };
      expect(json).toMatchObject({ success: true, location: await ownCopy() });
      expect(json.members).toHaveLength(6);
      expect(json.members).toContainEqual(expect.objectContaining({ mode: '4750', size: 7, type: 'file' }));
      expect(json.members.map(({ path }) => path)).toContain(join(source, 'folder/new\nline'));
    });

    it('lists the files of a copy of MySQL', async () => {
      const stream = Buffer.concat([
        payload('ibdata1', 'x'.repeat(5000)),
        end('ibdata1'),
        payload('shop/orders.ibd', 'orders'),
        end('shop/orders.ibd'),
      ]);
      const key = `db-${process.pid}-${Date.now()}/daily/mysql/mysql-2026-01-03_00_00_01.xbstream.gz`;
      await runJob(sandbox, {}, ({ destination }) =>
        pipeline(Readable.from([gzipSync(stream)]), destination.write(key)),
      );
      const { exitCode, stdout } = await list(key, '--accept-unauthenticated');
      expect([exitCode, stdout]).toEqual([
        0,
        `${'5000'.padStart(15)} ibdata1\n${'6'.padStart(15)} shop/orders.ibd\n`,
      ]);
      const json = JSON.parse((await list(key, '--json', '--accept-unauthenticated')).stdout) as Record<
        string,
        unknown
      >;
      expect(json).toMatchObject({
        members: [
          { path: 'ibdata1', size: 5000, mode: null },
          { path: 'shop/orders.ibd', size: 6 },
        ],
        backup_copy: key,
        success: true,
      });
    });
  },
);

describe('ls COPY', () => {
  beforeEach(async () => {
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
  });

  it('fails when the copy is not intact, also as JSON', async () => {
    damage(await ownCopy());
    const { exitCode, stderr } = await list(await ownCopy());
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot list ${await ownCopy()}: the copy is damaged`),
    ]);
    const json = await list(await ownCopy(), '--json');
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      success: false,
      reason: expect.stringContaining('damaged'),
    });
  });

  it('says of a log that it is one file, and of what is no copy that there is none', async () => {
    sandbox.file('repository/db1/binlog/mysql-bin.000001', 'x');
    expect((await list('mysql-bin.000001')).stderr).toContain('is the copy of one binary log');
    expect((await list('nothing')).stderr).toContain('There is no copy nothing on ');
  });
});
