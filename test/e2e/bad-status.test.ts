import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { labConfig, observe } from '../integration/s3-lab.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from './cli.ts';
import { filesBelow } from './leftovers.ts';
import { expectOneMessage, expectReadable } from './messages.ts';

const lab = useLab();
const STATUS = `${hostname()}/files-status`;

/** Damages: no JSON at all, an envelope that was cut, and one whose content does not fit its checksum. */
const DAMAGES = ['junk', '{"md5": "12', '{"md5": "x", "status": "e30=", "version": 1}'];

let places = 0;

interface Place {
  /** Puts bytes at the destination behind the tool's back. */
  put(key: string, text: string): Promise<void>;
}

/** Configures a destination that no other test uses: its status is going to be damaged. */
async function configure(sandbox: Sandbox, kind: LabKind): Promise<Place> {
  const sections = destinationSections(kind, sandbox, lab);
  sandbox.file('data/file', 'hello\n');
  places += 1;
  const bucket = `bad-status-${process.pid}-${places}`;
  const own = kind === 's3' ? { BUCKET: bucket } : {};
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'data') },
    ...sections,
    [kind]: { ...sections[kind], ...own },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
  if (kind !== 's3') {
    const folder = String(sections[kind]?.['backup_dir']);
    return { put: async (key, text) => writeFileSync(join(folder, key), text) };
  }
  const client = observe(labConfig());
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    async put(key, text) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
    },
  };
}

/** The copies that `ls` prints. */
async function listCopies(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.run('ls')).stdout.split('\n').filter((line) => line !== '');
}

const REBUILD =
  /^The copies themselves are not affected: ls lists them, restore --accept-unauthenticated takes them\. To begin a new status, move \S+files-status and \S+files-status\.copy away; copies that no status lists are never deleted, and twindb-backup check --adopt enters them again\.$/;
const BOTH = /^Neither the status \S+files-status nor its second copy can be read: it/;

describe.each(['local', 'ssh', 's3'] as const)('a damaged status on %s', (kind) => {
  it('is replaced by its second copy, which is said once, and by the next backup', async () => {
    using sandbox = createSandbox();
    const place = await configure(sandbox, kind);
    await sandbox.backup();
    await place.put(STATUS, DAMAGES[0] ?? '');
    const [ls, status, backup] = [
      await sandbox.run('ls'),
      await sandbox.run('status', '--type', 'files'),
      await sandbox.backup('weekly'),
    ];
    for (const result of [ls, status, backup]) {
      expect(result.exitCode).toBe(0);
      expectReadable(result);
      expect(result.stderr).toMatch(
        /^WARNING: \S+files-status is damaged: its content is not JSON; its second copy is used\n$/,
      );
    }
    const mended = await sandbox.run('status', '--type', 'files');
    expect(mended).toMatchObject({ exitCode: 0, stderr: '' });
    const { daily, weekly } = JSON.parse(mended.stdout) as Record<'daily' | 'weekly', object>;
    expect([Object.keys(daily).length, Object.keys(weekly).length]).toEqual([1, 1]);

    await place.put(`${STATUS}.copy`, 'junk');
    expect(await sandbox.run('ls')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(
        /^WARNING: \S+files-status\.copy is damaged: .*the next backup writes it anew\n$/,
      ),
    });
  });

  it('beside a damaged second copy: copies are listed and restored, nothing is stored, and the error tells how to begin anew', async () => {
    using sandbox = createSandbox();
    const place = await configure(sandbox, kind);
    const first = await sandbox.backup();
    expect(first.exitCode).toBe(0);
    const copies = await listCopies(sandbox);
    for (const damage of kind === 'local' ? DAMAGES : DAMAGES.slice(0, 1)) {
      await place.put(STATUS, damage);
      await place.put(`${STATUS}.copy`, damage);
      const dst = join(sandbox.dir, `restored-${DAMAGES.indexOf(damage)}`);
      const [ls, json, status, backup, restore] = await Promise.all([
        sandbox.run('ls'),
        sandbox.run('ls', '--json'),
        sandbox.run('status', '--type', 'files'),
        sandbox.backup('weekly'),
        sandbox.run('restore', 'file', copies.at(-1) ?? '', '--dst', dst, '--accept-unauthenticated'),
      ]);
      const says = BOTH;
      expectOneMessage(ls, { exitCode: 1, says, remedy: REBUILD, stdout: `${copies.join('\n')}\n` });
      expectOneMessage(json, { exitCode: 1, says, remedy: REBUILD, stdout: json.stdout });
      expect(JSON.parse(json.stdout)).toMatchObject({ copies: [{ listed: null, status: null }] });
      expectOneMessage(status, { exitCode: 1, says, remedy: REBUILD });
      expectOneMessage(backup, {
        exitCode: 1,
        says: /^Nothing was backed up: Neither the status /,
        remedy: REBUILD,
      });
      expect(restore).toMatchObject({
        exitCode: 0,
        stderr: expect.stringMatching(
          /^WARNING: The checksum of \S+ cannot be verified: its status is damaged\n$/,
        ),
      });
      expect(filesBelow(dst)).toHaveLength(1);
      expect(await listCopies(sandbox)).toEqual(copies);
    }
  });
});
