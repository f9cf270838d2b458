import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownerKey, partKey } from '../../copies/streamed-part.ts';
import type { Destination } from '../../destinations/destination.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { writeSmallObject } from '../../destinations/small-object.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { createLog } from '../../log.ts';
import { openStatusStore } from '../../status/status-store.ts';
import { dropStreamed } from './drop-streamed.ts';

const HOST = 'db1';
const LOG = { binlog: 'a.000001', timeCreated: 1000 };
const KEY = `${HOST}/binlog/a.000001`;
const PARTS = 40;
const log = createLog('error', () => undefined);
const { signal } = new AbortController();

let dir: string;
let destination: Destination;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'drop-streamed-'));
  destination = openLocal({ kind: 'local', backupDir: dir }, log);
  const put = (key: string) => writeSmallObject(destination, key, 'x', signal);
  await put(`${KEY}.gz`);
  await put(ownerKey(HOST, LOG, 'us'));
  for (let index = 0; index < PARTS; index += 1)
    await put(`${partKey(HOST, LOG, index * 10, index * 10 + 10)}.gz`);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The status as a run sees it that holds the lock, with the complete log. */
async function entered() {
  const status = openStatusStore(destination, HOST, BINLOG.formats.destination, {
    log,
    signal,
    requireLock: () => undefined,
  });
  const about = { host: HOST, name: 'a.000001', serverIdentity: 'us', size: 1, gapAfter: undefined };
  await status.change((stored) => ({
    ...stored,
    status: BINLOG.enter(
      stored.status,
      { ...LOG, ...about, key: KEY, chain: ['.gz'], sha256: undefined, contents: undefined },
      (_key, attributes) => attributes,
    ),
  }));
  return status;
}

const policy = { expireLogDays: 7, now: 2000, serverIdentity: 'us' };

async function partsLeft(): Promise<number[]> {
  const found: number[] = [];
  for await (const { key } of destination.list(`${HOST}/binlog-stream/`))
    found.push(Number(/(\d+)-\d+\.gz$/.exec(key)?.[1] ?? -1));
  return found.toSorted((a, b) => a - b);
}

describe('the parts of a log that is stored as a whole', () => {
  it('go only when the status lists it, although another machine has written that meanwhile', async () => {
    const status = await entered();
    // As one does that had read it before.
    for (const file of ['', '.copy'])
      await destination.delete(`${HOST}/${BINLOG.formats.destination.name}${file}`);
    await dropStreamed([], { destination: { appendOnly: false, status } }, policy, {
      destination,
      host: HOST,
      log,
      signal,
    });
    expect(await partsLeft()).toEqual([]);
    const fresh = openStatusStore(destination, HOST, BINLOG.formats.destination, { log, signal });
    expect(BINLOG.copies((await fresh.read()).status).map(({ key }) => key)).toEqual([KEY]);
  });

  it('go several at a time, but for the first ones, so that an interruption leaves no log without its beginning', async () => {
    const status = await entered();
    let [atOnce, most, deleted] = [0, 0, 0];
    const failing: Destination = {
      ...destination,
      async delete(key) {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await sleep(1);
        atOnce -= 1;
        deleted += 1;
        if (deleted === PARTS - 3) throw new Error('cut');
        await destination.delete(key);
      },
    };
    const drop = (at: Destination) =>
      dropStreamed([], { destination: { appendOnly: false, status } }, policy, {
        destination: at,
        host: HOST,
        log,
        signal,
      });
    await expect(drop(failing)).rejects.toThrow('cut');
    expect(most).toBeGreaterThan(1);
    expect(await partsLeft()).toEqual([-1, 0, 10, 20, 30]);
    await drop(destination);
    expect(await partsLeft()).toEqual([]);
  });
});
