import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupParts } from '../../src/catalogue/streamed-logs.ts';
import { partKey } from '../../src/copies/streamed-part.ts';
import { ObjectNotFoundError } from '../../src/errors.ts';
import { DamagedPartError, feedParts } from '../../src/jobs/stream/feed-parts.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';

const LOG = { binlog: 'mysql-bin.000001', timeCreated: 1_700_000_000 };

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  configureLocal(sandbox, [], {});
});
afterEach(() => sandbox[Symbol.dispose]());

/** Writes a part as an object with these bytes. */
function put(from: number, to: number, object: Buffer): { key: string; size: number; modified: Date } {
  const key = `${partKey('h', LOG, from, to)}.gz`;
  const path = join(sandbox.dir, 'repository', key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, object);
  return { key, size: object.length, modified: new Date() };
}

/** What comes of a log that has these objects. */
async function feed(objects: readonly ReturnType<typeof put>[]): Promise<Buffer> {
  const [log] = groupParts('h', objects);
  if (log === undefined) throw new Error('there is no part');
  const pieces: Buffer[] = [];
  await runJob(sandbox, {}, (context) => feedParts(log, (bytes) => void pieces.push(bytes), context));
  return Buffer.concat(pieces);
}

describe('the parts of a log', () => {
  it('come once and in their order: many small ones, those that overlap, and one that memory should not hold', async () => {
    const large = 17 << 20;
    const bytes = Buffer.concat([randomBytes(3000), Buffer.alloc(large, 'x'), randomBytes(50)]);
    const spans: [number, number][] = Array.from({ length: 29 }, (_, index) => [
      index * 100,
      index * 100 + 150,
    ]);
    spans.push([2900, 3000], [3000, 3000 + large], [3000 + large, bytes.length]);
    const fed = await feed(spans.map(([from, to]) => put(from, to, gzipSync(bytes.subarray(from, to)))));
    expect(fed.equals(bytes)).toBe(true);
  });

  const half = (object: Buffer) => object.subarray(0, object.length / 2);
  it.each([
    ['was cut off', half(gzipSync(randomBytes(100)))],
    ['is none of ours', randomBytes(100)],
    ['is empty', Buffer.alloc(0)],
    ['has less than its name says', gzipSync(randomBytes(99))],
    ['has more than its name says', gzipSync(randomBytes(101))],
  ])('end with the name of one that %s, behind all that is in front of it', async (_, object) => {
    const fine = gzipSync(randomBytes(100));
    const objects = [put(0, 100, fine), put(100, 200, object), put(200, 300, fine)];
    const [log] = groupParts('h', objects);
    let fed = 0;
    const { returned } = await runJob(
      sandbox,
      {},
      async (context) =>
        await feedParts({ parts: log?.parts ?? [] }, ({ length }) => void (fed += length), context).catch(
          (error: unknown) => error,
        ),
    );
    expect(returned).toBeInstanceOf(DamagedPartError);
    expect(returned).toMatchObject({ part: { from: 100, to: 200 } });
    expect(fed).toBe(100);
  });

  it('end where one was deleted since, which is no damage', async () => {
    const objects = [put(0, 100, gzipSync(randomBytes(100))), put(100, 200, gzipSync(randomBytes(100)))];
    rmSync(join(sandbox.dir, 'repository', objects[1]?.key ?? ''));
    await expect(feed(objects)).rejects.toBeInstanceOf(ObjectNotFoundError);
  });
});
