import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../destinations/destination.ts';
import { openLocal } from '../destinations/local.ts';
import { describeError } from '../errors.ts';
import { createLog } from '../log.ts';
import { decodeEnvelope, encodeEnvelope, StatusDamagedError } from './envelope.ts';
import { FILES_STATUS } from './files-status.ts';
import { entriesOf, withEntry } from './periodic-status.ts';
import { openStatusStore, type StatusStore } from './status-store.ts';

const K1 = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';
const K2 = 'db1/daily/files/_etc-2026-01-02_00_00_00.tar.gz';
const one = withEntry(FILES_STATUS.empty, 'daily', K1, { size: 1, sha256: 'a' });
const two = withEntry(one, 'daily', K2, { size: 2 });

let dir: string;
let messages: string[];
let store: StatusStore;
let first: string;
let second: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-status-'));
  messages = [];
  const log = createLog('warn', (level, message) => messages.push(`${level}: ${message}`));
  const { signal } = new AbortController();
  store = openStatusStore(openLocal({ kind: 'local', backupDir: dir }, log), 'db1', FILES_STATUS, {
    log,
    signal,
  });
  first = join(dir, 'db1/files-status');
  second = `${first}.copy`;
});
afterEach(() => rmSync(dir, { recursive: true }));

function storeObjects(...keys: readonly string[]): void {
  mkdirSync(join(dir, 'db1/daily/files'), { recursive: true });
  for (const key of keys) writeFileSync(join(dir, key), 'a copy');
}

const damage = (file: string) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));

describe('a status and its second copy', () => {
  it('are empty before the first run', async () => {
    expect(await store.read()).toEqual({ status: FILES_STATUS.empty, deletions: [] });
    expect(messages).toEqual([]);
  });

  it('give back what was written, in silence', async () => {
    await store.write({ status: two, deletions: ['db1/daily/files/old'] });
    expect(await store.read()).toEqual({ status: two, deletions: ['db1/daily/files/old'] });
    expect(messages).toEqual([]);
  });

  it('have the form the Python tool reads in the first: no member beside the envelope', async () => {
    await store.write({ status: two, deletions: ['x'] });
    expect(decodeEnvelope(readFileSync(first, 'utf8')).extra).toEqual({});
    expect(decodeEnvelope(readFileSync(second, 'utf8')).extra).toEqual({ deletions: ['x'] });
  });

  it.each([
    ['was ended', (stop: AbortController) => stop.abort(new Error('it is over'))],
    ['has lost its lock', () => undefined],
  ])('are left as they are, each of them, by a run that %s', async (_what, end) => {
    await store.write({ status: one, deletions: [] });
    const [firstBefore, secondBefore] = [first, second].map((file) => readFileSync(file, 'utf8'));
    const stop = new AbortController();
    let isOver = false;
    const requireLock = () => {
      if (isOver) throw new Error('it is over');
    };
    const over = () => {
      isOver = true;
      end(stop);
    };
    const destination = openLocal(
      { kind: 'local', backupDir: dir },
      createLog('warn', () => undefined),
    );
    const ending: Destination = {
      ...destination,
      write(key) {
        const sink = destination.write(key);
        sink.once('finish', over);
        return sink;
      },
    };
    const context = { log: createLog('warn', () => undefined), signal: stop.signal, requireLock };
    const between = openStatusStore(ending, 'db1', FILES_STATUS, context);
    await expect(between.write({ status: two, deletions: [] })).rejects.toThrow('it is over');
    expect(readFileSync(first, 'utf8')).toBe(firstBefore);
    expect(readFileSync(second, 'utf8')).not.toBe(secondBefore);
    await store.write({ status: one, deletions: [] });
    await expect(between.write({ status: two, deletions: [] })).rejects.toThrow('it is over');
    expect(readFileSync(second, 'utf8')).toBe(secondBefore);
  });

  it('the second stands in for a first that is damaged, which is said', async () => {
    storeObjects(K1, K2);
    await store.write({ status: two, deletions: ['x'] });
    damage(first);
    expect(await store.read()).toEqual({ status: two, deletions: ['x'] });
    expect(messages).toEqual([`warn: ${first} is damaged: it is not JSON; its second copy is used`]);
    await store.read();
    expect(messages).toHaveLength(1);
  });

  it.each([[[K1]], [[K2]], [[]]])(
    'nothing is deleted on the word of a second that lists what is missing: %j',
    async (keys) => {
      storeObjects(...keys);
      await store.write({ status: two, deletions: ['x'] });
      expect((await store.read()).deletions).toEqual(['x']);
      rmSync(first);
      for (let reads = 0; reads < 2; reads++)
        expect(await store.read()).toEqual({ status: two, deletions: [] });
      expect(messages.filter((message) => message.includes('lists copies that are missing'))).toHaveLength(1);
    },
  );

  it('the second stands in for a first that is missing, which is said', async () => {
    await store.write({ status: two, deletions: [] });
    rmSync(first);
    expect((await store.read()).status).toEqual(two);
    expect(messages).toEqual([`warn: ${first} is missing; its second copy is used`]);
  });

  it.each(['damaged', 'missing'])('a valid first does without a second that is %s', async (what) => {
    await store.write({ status: two, deletions: ['x'] });
    if (what === 'damaged') damage(second);
    else rmSync(second);
    expect(await store.read()).toEqual({ status: two, deletions: [] });
    const told = `warn: ${second} is damaged: it is not JSON; the next backup writes it anew`;
    expect(messages).toEqual(what === 'damaged' ? [told] : []);
  });

  it('a valid first always wins, and the second gives back only attributes that the first has lost', async () => {
    await store.write({ status: two, deletions: [] });
    // As the Python tool writes: K2 is gone, attributes it does not know are dropped, one has changed.
    writeFileSync(first, encodeEnvelope(withEntry(FILES_STATUS.empty, 'daily', K1, { size: 7 })));
    expect(entriesOf((await store.read()).status)).toEqual([[K1, { size: 7, sha256: 'a' }]]);
  });

  it('never delete a key that the first still lists: the run that decided so ended before it was written', async () => {
    await store.write({ status: two, deletions: [] });
    writeFileSync(second, encodeEnvelope(one, { deletions: [K2, 'db1/daily/files/old'] }));
    expect(await store.read()).toEqual({ status: two, deletions: ['db1/daily/files/old'] });
  });

  it('ignore deletions that are none', async () => {
    await store.write({ status: one, deletions: [] });
    for (const deletions of ['x', { a: 1 }, null, [7, null]]) {
      writeFileSync(second, encodeEnvelope(one, { deletions }));
      expect((await store.read()).deletions).toEqual([]);
    }
  });

  it.each([
    ['both are damaged', damage],
    ['the first is damaged and the second missing', (file: string) => rmSync(file)],
  ])('are an error with the way out when %s', async (_, hurtSecond) => {
    await store.write({ status: two, deletions: [] });
    damage(first);
    hurtSecond(second);
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StatusDamagedError);
    expect(describeError(error)).toContain(`move ${first} and ${second} away`);
    expect(describeError(error)).toContain('never deleted');
  });

  it('are an error too when the first is missing and the second damaged', async () => {
    await store.write({ status: two, deletions: [] });
    rmSync(first);
    damage(second);
    await expect(store.read()).rejects.toThrow(StatusDamagedError);
  });

  it('keep attributes that are not known here through a change', async () => {
    await store.write({ status: withEntry(one, 'weekly', 'k', { newer: { deep: [1] } }), deletions: [] });
    const { status } = await store.read();
    await store.write({ status: withEntry(status, 'daily', K2, {}), deletions: [] });
    expect((await store.read()).status.weekly).toEqual({ k: { newer: { deep: [1] } } });
  });
});
