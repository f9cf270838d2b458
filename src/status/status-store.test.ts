import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../destinations/destination.ts';
import { openLocal } from '../destinations/local/driver.ts';
import { describeError } from '../errors.ts';
import { FILES_STATUS } from '../kinds/files.ts';
import { createLog } from '../log.ts';
import { decodeEnvelope, encodeEnvelope, StatusDamagedError } from './envelope.ts';
import { entriesOf, withEntry } from './layout.ts';
import { openStatusStore, type StatusStore } from './status-store.ts';

const K1 = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';
const OLD = 'db1/daily/files/old';
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

function object(key: string): void {
  mkdirSync(dirname(join(dir, key)), { recursive: true });
  writeFileSync(join(dir, key), 'x');
}

const damage = (file: string) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));

/** A store whose reads of status files are counted; `write` is called before each write. */
function counting(context: { readonly requireLock?: () => void }, write?: () => void) {
  const log = createLog('warn', (level, message) => messages.push(`${level}: ${message}`));
  const local = openLocal({ kind: 'local', backupDir: dir }, log);
  const counted = { reads: 0 };
  const destination: Destination = {
    ...local,
    read(key) {
      counted.reads += 1;
      return local.read(key);
    },
    write(...args) {
      write?.();
      return local.write(...args);
    },
  };
  const { signal } = new AbortController();
  const opened = openStatusStore(destination, 'db1', FILES_STATUS, { log, signal, ...context });
  return { store: opened, counted };
}

describe('the files of a status', () => {
  it('are read once while a lock is held, also when they have been written', async () => {
    const { store: locked, counted } = counting({ requireLock: () => undefined });
    await locked.read();
    await locked.write({ status: two, deletions: [K1, OLD] });
    expect(await locked.read()).toEqual({ status: two, deletions: [OLD] });
    expect(await locked.read()).toEqual(await store.read());
    expect(counted.reads).toBe(2);
  });

  it('are read each time where no lock keeps others from them', async () => {
    const { store: unlocked, counted } = counting({});
    await unlocked.read();
    await store.write({ status: one, deletions: [] });
    expect((await unlocked.read()).status).toEqual(one);
    expect(counted.reads).toBe(4);
  });

  it('are read again once the lock is lost: what they wanted deleted may be done, and its key taken again', async () => {
    let lost = false;
    const requireLock = () => {
      if (lost) throw new Error('lost');
    };
    const { store: frozen } = counting({ requireLock });
    await frozen.write({ status: one, deletions: [OLD] });
    expect((await frozen.read()).deletions).toEqual([OLD]);
    lost = true;
    await store.write({ status: two, deletions: [] });
    expect(await frozen.read()).toEqual({ status: two, deletions: [] });
  });

  it('are read again after a write that failed, and not written once the lock is lost', async () => {
    let lost = false;
    let full = true;
    const requireLock = () => {
      if (lost) throw new Error('lost');
    };
    const { store: locked, counted } = counting({ requireLock }, () => {
      if (full) throw new Error('full');
    });
    await locked.read();
    await expect(locked.write({ status: one, deletions: [] })).rejects.toThrow('full');
    const before = counted.reads;
    expect((await locked.read()).status).toEqual(FILES_STATUS.empty);
    expect(counted.reads).toBe(before + 2);
    full = false;
    lost = true;
    await expect(locked.write({ status: one, deletions: [] })).rejects.toThrow('lost');
    expect((await store.read()).status).toEqual(FILES_STATUS.empty);
  });
});

describe('a status and its second copy', () => {
  it('are empty before the first run', async () => {
    expect(await store.read()).toEqual({ status: FILES_STATUS.empty, deletions: [] });
    expect(messages).toEqual([]);
  });

  it('give back what was written, in silence', async () => {
    await store.write({ status: two, deletions: [OLD] });
    expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
    expect(messages).toEqual([]);
  });

  it('have the form the Python tool reads in the first: no member beside the envelope', async () => {
    await store.write({ status: two, deletions: [OLD] });
    expect(decodeEnvelope(readFileSync(first, 'utf8')).extra).toEqual({});
    expect(decodeEnvelope(readFileSync(second, 'utf8')).extra).toEqual({ deletions: [OLD] });
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
    await store.write({ status: two, deletions: [OLD] });
    damage(first);
    // Both copies that it lists are there: what it wants deleted can be.
    for (const key of [K1, K2]) object(key);
    expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
    expect(messages).toEqual([`warn: ${first} is damaged: it is not JSON; its second copy is used`]);
    await store.read();
    expect(messages).toHaveLength(1);
  });

  it('the second stands in for a first that is missing, which is said', async () => {
    await store.write({ status: two, deletions: [] });
    rmSync(first);
    expect((await store.read()).status).toEqual(two);
    expect(messages).toEqual([`warn: ${first} is missing; its second copy is used`]);
  });

  it.each(['damaged', 'missing'])('a valid first does without a second that is %s', async (what) => {
    await store.write({ status: two, deletions: [OLD] });
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

  it('are said to differ when the first lacks what the second has last: it is an old one', async () => {
    const dated = (key: string, backup_started: number, before = FILES_STATUS.empty) =>
      withEntry(before, 'daily', key, { backup_started });
    const [old, newer] = [dated(K1, 1), dated(K2, 2, dated(K1, 1))];
    await store.write({ status: newer, deletions: [] });
    expect(await store.whichLists(K2)).toBe('first');
    writeFileSync(first, encodeEnvelope(old));
    const { store: locked } = counting({ requireLock: () => undefined });
    expect((await locked.read()).status).toEqual(old);
    expect(messages.join()).toContain(`${first} is older than its second copy`);
    expect(await store.whichLists(K2)).toBe('second');
    expect(await store.whichLists('db1/daily/files/other')).toBeUndefined();
  });

  it('never delete a key that the first still lists: the run that decided so ended before it was written', async () => {
    await store.write({ status: two, deletions: [] });
    writeFileSync(second, encodeEnvelope(one, { deletions: [K2, OLD] }));
    expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
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
    await store.write({ status: withEntry(one, 'weekly', OLD, { newer: { deep: [1] } }), deletions: [] });
    const { status } = await store.read();
    await store.write({ status: withEntry(status, 'daily', K2, {}), deletions: [] });
    expect((await store.read()).status['weekly']).toEqual({ [OLD]: { newer: { deep: [1] } } });
  });

  it('lose what can be no key, and the deletion of such, with one warning', async () => {
    const FALSE = ['../../etc/passwd', '/etc/passwd', 'db1/a\0b', '', 'db1//x', 'db1/.partial/x', 'nothost'];
    const withFalse = FALSE.reduce((status, key) => withEntry(status, 'daily', key, { size: 1 }), two);
    await store.write({ status: withFalse, deletions: [OLD, ...FALSE] });
    for (let reads = 0; reads < 3; reads++) {
      expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
    }
    expect(messages).toEqual([
      `warn: ${first} has keys that no object can have (7), such as ""; they are ignored, and the next backup leaves them out`,
    ]);
    await store.write(await store.read());
    expect(decodeEnvelope(readFileSync(second, 'utf8')).extra).toEqual({ deletions: [OLD] });
  });

  it('is damaged when it is too large, and the second copy stands in for it', async () => {
    await store.write({ status: two, deletions: [] });
    truncateSync(first, (64 << 20) + 1);
    expect((await store.read()).status).toEqual(two);
    expect(messages).toEqual([
      `warn: ${first} is damaged: it has more than 64.0 MiB; its second copy is used`,
    ]);
  });

  it('is damaged when its content would take too much memory or stack', async () => {
    for (const [content, reason] of [
      [`{"daily":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'its content has more than 50 levels'],
      [`{"daily":[${'{},'.repeat(2_000_001)}{}]}`, 'its content has more than 4000000 members'],
    ] as const) {
      await store.write({ status: two, deletions: [] });
      writeFileSync(first, Buffer.from(content).toString('base64'));
      expect((await store.read()).status).toEqual(two);
      expect(messages.at(-1)).toBe(`warn: ${first} is damaged: ${reason}; its second copy is used`);
    }
  });
});
