import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labConfig, observe } from '../integration/s3-lab.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from './cli.ts';
import { expectOneMessage } from './messages.ts';

const lab = useLab();
const SILENT = { exitCode: 0, signal: null, stdout: '', stderr: '' };

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('src/data', 'content');
});
afterEach(() => sandbox[Symbol.dispose]());

/** Copies are named by the second: the next one must not have the name of the one that is lost. */
const nextSecond = () => delay(1000);

/** A destination of its own; `lose` takes away what it has, `find` brings that back where it can. */
interface Place {
  readonly sections: ReturnType<typeof destinationSections>;
  readonly lose: () => Promise<void>;
  readonly find?: () => Promise<void>;
}

function inFolder(kind: 'local' | 'ssh'): Place {
  const sections = destinationSections(kind, sandbox, lab);
  const folder = String(sections[kind]?.['backup_dir']);
  return {
    sections,
    // What a mount point looks like without its file system.
    async lose() {
      await nextSecond();
      renameSync(folder, `${folder}.disk`);
      mkdirSync(folder);
    },
    async find() {
      renameSync(folder, `${folder}.below`);
      renameSync(`${folder}.disk`, folder);
    },
  };
}

async function inBucket(): Promise<Place> {
  const sections = destinationSections('s3', sandbox, lab);
  const bucket = `lost-${process.pid}-${Date.now()}`;
  const client = observe(labConfig());
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    sections: { ...sections, s3: { ...sections['s3'], BUCKET: bucket } },
    async lose() {
      await nextSecond();
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    },
  };
}

const make = (kind: LabKind): Place | Promise<Place> => (kind === 's3' ? inBucket() : inFolder(kind));

function configure({ sections }: Place, mustExist: 'yes' | 'no'): void {
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'src') },
    ...sections,
    destination: { ...sections['destination'], must_exist: mustExist },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

describe.each(['local', 'ssh', 's3'] as const)(
  'a destination on %s that has lost the copies of this host',
  (kind) => {
    it('is warned of once, and gets copies', async () => {
      const place = await make(kind);
      configure(place, 'no');
      expect((await sandbox.backup()).exitCode).toBe(0);
      expect(await sandbox.backup()).toEqual(SILENT);
      await place.lose();
      const { exitCode, stderr } = await sandbox.backup();
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(
        /^WARNING: \S+ has lost copies of this host: \S+ of \S+Z, then the newest, is not there\n/m,
      );
      expect(stderr).toMatch(
        /^See whether a file system is not mounted, .* delete \/\S+\/stored-[0-9a-f]+\.json too\.$/m,
      );
      expect(await sandbox.backup()).toEqual(SILENT);
      expect(await sandbox.run('check')).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining('has lost copies of this host') as unknown,
      });
    });

    it('gets none with must_exist=yes, and check fails', async () => {
      const place = await make(kind);
      configure(place, 'yes');
      expect((await sandbox.backup()).exitCode).toBe(0);
      await place.lose();
      for (let run = 0; run < 2; run += 1) {
        expectOneMessage(await sandbox.backup(), {
          exitCode: 1,
          says: /^Nothing was backed up: \S+ has lost copies of this host: .* and \[destination\] must_exist is set$/,
          remedy: /^See whether a file system is not mounted/,
        });
      }
      expect((await sandbox.run('ls')).stdout).toBe('');
      expect((await sandbox.run('check')).exitCode).toBe(1);
      if (place.find === undefined) return;
      await place.find();
      expect(await sandbox.backup()).toEqual(SILENT);
    });
  },
);

describe('copies that are there again', () => {
  it('are said, with those that were made meanwhile', async () => {
    const place = inFolder('local');
    configure(place, 'no');
    await sandbox.backup();
    await place.lose();
    await sandbox.backup();
    await place.find?.();
    const { exitCode, stderr } = await sandbox.backup();
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/are there again\. .* may be below the mount point\n$/),
    ]);
    expect(await sandbox.backup()).toEqual(SILENT);
  });
});
