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
    read(...args) {
      counted.reads += 1;
      return local.read(...args);
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
  it('are read once while a lock is held, and read back after each change', async () => {
    const { store: locked, counted } = counting({ requireLock: () => undefined });
    await locked.read();
    await locked.change(() => ({ status: two, deletions: [K1, OLD] }));
    expect(await locked.read()).toEqual({ status: two, deletions: [OLD] });
    expect(await locked.read()).toEqual(await store.read());
    expect(counted.reads).toBe(4);
  });

  it('are read each time where no lock keeps others from them', async () => {
    const { store: unlocked, counted } = counting({});
    await unlocked.read();
    await store.change(() => ({ status: one, deletions: [] }));
    expect((await unlocked.read()).status).toEqual(one);
    expect(counted.reads).toBe(4);
  });

  it('are read again once the lock is lost: what they wanted deleted may be done, and its key taken again', async () => {
    let lost = false;
    const requireLock = () => {
      if (lost) throw new Error('lost');
    };
    const { store: frozen } = counting({ requireLock });
    await frozen.change(() => ({ status: one, deletions: [OLD] }));
    expect((await frozen.read()).deletions).toEqual([OLD]);
    lost = true;
    await store.change(() => ({ status: two, deletions: [] }));
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
    await expect(locked.change(() => ({ status: one, deletions: [] }))).rejects.toThrow('full');
    const before = counted.reads;
    expect((await locked.read()).status).toEqual(FILES_STATUS.empty);
    expect(counted.reads).toBe(before + 2);
    full = false;
    lost = true;
    await expect(locked.change(() => ({ status: one, deletions: [] }))).rejects.toThrow('lost');
    expect((await store.read()).status).toEqual(FILES_STATUS.empty);
  });
});

describe('two runs of one host without a common lock', () => {
  const requireLock = () => undefined;
  /** As one run adds a copy, whose object is there. */
  const enter = async (run: StatusStore, key: string) => {
    object(key);
    await run.change((stored) => ({
      ...stored,
      status: withEntry(stored.status, 'daily', key, { size: 1 }),
    }));
  };
  const listed = async () =>
    entriesOf((await store.read()).status)
      .map(([key]) => key)
      .toSorted();
  const expire = async (run: StatusStore, key: string) =>
    await run.change(({ status, deletions }) => ({
      status: FILES_STATUS.withoutKeys(status, [key]),
      deletions: [...deletions, key],
    }));
  /** A destination that replaces what it should not: a server that knows no conditions. */
  const unconditional = () => {
    const log = createLog('warn', () => undefined);
    const local = openLocal({ kind: 'local', backupDir: dir }, log);
    const destination: Destination = {
      ...local,
      write: (key) => local.write(key),
    };
    return openStatusStore(destination, 'db1', FILES_STATUS, {
      log,
      signal: new AbortController().signal,
      requireLock,
    });
  };

  it('lose no entry, when both have read the status before either wrote it', async () => {
    const runs = [counting({ requireLock }).store, counting({ requireLock }).store] as const;
    for (const run of runs) await run.read();
    await enter(runs[0], K1);
    await enter(runs[1], K2);
    expect(await listed()).toEqual([K1, K2]);
    await enter(runs[0], OLD);
    expect(await listed()).toEqual([K1, K2, OLD].toSorted());
  });

  it('lose no entry, when many write at once', async () => {
    const keys = Array.from({ length: 6 }, (_, number) => `db1/daily/files/x-${number}`);
    await Promise.all(
      keys.map(async (key) => {
        const { store: run } = counting({ requireLock });
        await run.read();
        await enter(run, key);
        await run.confirm();
      }),
    );
    expect(await listed()).toEqual(keys);
  });

  it('lose no entry where the destination knows no conditions: what is read back at the end is entered again', async () => {
    const [run, other] = [unconditional(), unconditional()];
    for (const each of [run, other]) await each.read();
    await enter(run, K1);
    await enter(other, K2);
    expect(await listed()).toEqual([K2]);
    await run.confirm();
    await other.confirm();
    expect(await listed()).toEqual([K1, K2]);
  });

  it('lose no deletion either', async () => {
    await enter(store, OLD);
    const [run, other] = [unconditional(), unconditional()];
    for (const each of [run, other]) await each.read();
    await expire(run, OLD);
    await enter(other, K2);
    expect(await listed()).toEqual([K2, OLD]);
    expect((await store.read()).deletions).toEqual([]);
    // The other one has listed it again: it is not deleted, and the next retention decides once more.
    await run.confirm();
    expect(await listed()).toEqual([K2, OLD]);
    await expire(run, OLD);
    writeFileSync(second, encodeEnvelope(FILES_STATUS.empty, { deletions: [] }));
    expect((await store.read()).deletions).toEqual([]);
    await run.confirm();
    expect((await store.read()).deletions).toEqual([OLD]);
  });

  it('order no deletion again that both have carried out', async () => {
    await enter(store, OLD);
    const [run, other] = [counting({ requireLock }).store, counting({ requireLock }).store];
    await expire(run, OLD);
    for (const each of [run, other]) expect((await each.read()).deletions).toEqual([OLD]);
    rmSync(join(dir, OLD));
    for (const each of [other, run]) {
      await each.change(({ status, deletions }) => ({
        status,
        deletions: deletions.filter((key) => key !== OLD),
      }));
      if (each === other) await enter(other, K2);
    }
    await run.confirm();
    expect(await store.read()).toMatchObject({ status: { daily: { [K2]: { size: 1 } } }, deletions: [] });
  });

  it('do not list again what one of them has deleted', async () => {
    await enter(store, OLD);
    const [run, other] = [unconditional(), unconditional()];
    for (const each of [run, other]) await each.read();
    await expire(run, OLD);
    rmSync(join(dir, OLD));
    await run.change((stored) => ({ ...stored, deletions: [] }));
    await enter(other, K2);
    expect(await listed()).toEqual([K2, OLD]);
    await run.confirm();
    expect(await listed()).toEqual([K2]);
  });

  it.each([
    ['is about to delete', () => undefined],
    ['has deleted', () => rmSync(join(dir, K1))],
  ])('do not enter again what the other one has expired, and %s', async (_, remove) => {
    const run = counting({ requireLock }).store;
    await enter(run, K1);
    await enter(store, K2);
    await expire(store, K1);
    remove();
    await store.change(({ status, deletions }) => ({
      status,
      deletions: _ === 'has deleted' ? [] : deletions,
    }));
    await run.confirm();
    expect(await listed()).toEqual([K2]);
  });

  it('enter again only what is their own', async () => {
    await enter(store, OLD);
    const run = counting({ requireLock }).store;
    await enter(run, K1);
    // An old status is put back.
    writeFileSync(first, encodeEnvelope(FILES_STATUS.empty));
    await run.confirm();
    expect(await listed()).toEqual([K1]);
  });

  it('write a status that the destination calls another one each time, or refuses although it is the same', async () => {
    const log = createLog('warn', () => undefined);
    const local = openLocal({ kind: 'local', backupDir: dir }, log);
    let reads = 0;
    const strange = (version: () => string): Destination => ({
      ...local,
      read: (key, options) => local.read(key, { onVersion: () => options?.onVersion?.(version()) }),
    });
    for (const [index, version] of [() => 'other', () => String(reads++)].entries()) {
      const run = openStatusStore(strange(version), 'db1', FILES_STATUS, {
        log,
        signal: new AbortController().signal,
        requireLock,
      });
      await run.read();
      await enter(run, `db1/daily/files/${index}`);
      await enter(run, `db1/daily/files/again-${index}`);
    }
    expect(await listed()).toHaveLength(4);
  });

  it('are told, with the remedy, when one does nothing but write', async () => {
    const log = createLog('warn', () => undefined);
    const local = openLocal({ kind: 'local', backupDir: dir }, log);
    const spoiling: Destination = {
      ...local,
      read(key, options) {
        if (key.endsWith('status')) writeFileSync(first, encodeEnvelope(FILES_STATUS.empty));
        return local.read(key, options);
      },
    };
    const run = openStatusStore(spoiling, 'db1', FILES_STATUS, { log, signal: new AbortController().signal });
    mkdirSync(join(dir, 'db1'));
    const error: unknown = await enter(run, K1).catch((reason: unknown) => reason);
    expect(describeError(error)).toContain('other runs have written it 20 times meanwhile');
    expect(describeError(error)).toContain('--lock-file');
  });
});

describe('a status and its second copy', () => {
  it('are empty before the first run', async () => {
    expect(await store.read()).toEqual({ status: FILES_STATUS.empty, deletions: [] });
    expect(messages).toEqual([]);
  });

  it('give back what was written, in silence', async () => {
    await store.change(() => ({ status: two, deletions: [OLD] }));
    expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
    expect(messages).toEqual([]);
  });

  it('have the form the Python tool reads in the first: no member beside the envelope', async () => {
    await store.change(() => ({ status: two, deletions: [OLD] }));
    expect(decodeEnvelope(readFileSync(first, 'utf8')).extra).toEqual({});
    expect(decodeEnvelope(readFileSync(second, 'utf8')).extra).toEqual({ deletions: [OLD] });
  });

  it.each([
    ['was ended', (stop: AbortController) => stop.abort(new Error('it is over'))],
    ['has lost its lock', () => undefined],
  ])('are left as they are, each of them, by a run that %s', async (_what, end) => {
    await store.change(() => ({ status: one, deletions: [] }));
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
    await expect(between.change(() => ({ status: two, deletions: [] }))).rejects.toThrow('it is over');
    expect(readFileSync(first, 'utf8')).toBe(firstBefore);
    expect(readFileSync(second, 'utf8')).not.toBe(secondBefore);
    await store.change(() => ({ status: one, deletions: [] }));
    await expect(between.change(() => ({ status: two, deletions: [] }))).rejects.toThrow('it is over');
    expect(readFileSync(second, 'utf8')).toBe(secondBefore);
  });

  it('the second stands in for a first that is damaged, which is said', async () => {
    await store.change(() => ({ status: two, deletions: [OLD] }));
    damage(first);
    // Both copies that it lists are there: what it wants deleted can be.
    for (const key of [K1, K2]) object(key);
    expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
    expect(messages).toEqual([`warn: ${first} is damaged: it is not JSON; its second copy is used`]);
    await store.read();
    expect(messages).toHaveLength(1);
  });

  it('the second stands in for a first that is missing, which is said', async () => {
    await store.change(() => ({ status: two, deletions: [] }));
    rmSync(first);
    expect((await store.read()).status).toEqual(two);
    expect(messages).toEqual([`warn: ${first} is missing; its second copy is used`]);
  });

  it.each(['damaged', 'missing'])('a valid first does without a second that is %s', async (what) => {
    await store.change(() => ({ status: two, deletions: [OLD] }));
    if (what === 'damaged') damage(second);
    else rmSync(second);
    expect(await store.read()).toEqual({ status: two, deletions: [] });
    const told = `warn: ${second} is damaged: it is not JSON; the next backup writes it anew`;
    expect(messages).toEqual(what === 'damaged' ? [told] : []);
  });

  it('a valid first always wins, and the second gives back only attributes that the first has lost', async () => {
    await store.change(() => ({ status: two, deletions: [] }));
    // As the Python tool writes: K2 is gone, attributes it does not know are dropped, one has changed.
    writeFileSync(first, encodeEnvelope(withEntry(FILES_STATUS.empty, 'daily', K1, { size: 7 })));
    expect(entriesOf((await store.read()).status)).toEqual([[K1, { size: 7, sha256: 'a' }]]);
  });

  it('are said to differ when the first lacks what the second has last: it is an old one', async () => {
    const dated = (key: string, backup_started: number, before = FILES_STATUS.empty) =>
      withEntry(before, 'daily', key, { backup_started });
    const [old, newer] = [dated(K1, 1), dated(K2, 2, dated(K1, 1))];
    await store.change(() => ({ status: newer, deletions: [] }));
    expect(await store.whichLists(K2)).toBe('first');
    writeFileSync(first, encodeEnvelope(old));
    const { store: locked } = counting({ requireLock: () => undefined });
    expect((await locked.read()).status).toEqual(old);
    expect(messages.join()).toContain(`${first} is older than its second copy`);
    expect(await store.whichLists(K2)).toBe('second');
    expect(await store.whichLists('db1/daily/files/other')).toBeUndefined();
  });

  it('never delete a key that the first still lists: the run that decided so ended before it was written', async () => {
    await store.change(() => ({ status: two, deletions: [] }));
    writeFileSync(second, encodeEnvelope(one, { deletions: [K2, OLD] }));
    expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
  });

  it('ignore deletions that are none', async () => {
    await store.change(() => ({ status: one, deletions: [] }));
    for (const deletions of ['x', { a: 1 }, null, [7, null]]) {
      writeFileSync(second, encodeEnvelope(one, { deletions }));
      expect((await store.read()).deletions).toEqual([]);
    }
  });

  it.each([
    ['both are damaged', damage],
    ['the first is damaged and the second missing', (file: string) => rmSync(file)],
  ])('are an error with the way out when %s', async (_, hurtSecond) => {
    await store.change(() => ({ status: two, deletions: [] }));
    damage(first);
    hurtSecond(second);
    const error: unknown = await store.read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StatusDamagedError);
    expect(describeError(error)).toContain(`move ${first} and ${second} away`);
    expect(describeError(error)).toContain('never deleted');
  });

  it('are an error too when the first is missing and the second damaged', async () => {
    await store.change(() => ({ status: two, deletions: [] }));
    rmSync(first);
    damage(second);
    await expect(store.read()).rejects.toThrow(StatusDamagedError);
  });

  it('keep attributes that are not known here through a change', async () => {
    await store.change(() => ({
      status: withEntry(one, 'weekly', OLD, { newer: { deep: [1] } }),
      deletions: [],
    }));
    const { status } = await store.read();
    await store.change(() => ({ status: withEntry(status, 'daily', K2, {}), deletions: [] }));
    expect((await store.read()).status['weekly']).toEqual({ [OLD]: { newer: { deep: [1] } } });
  });

  it('lose what can be no key, and the deletion of such, with one warning', async () => {
    const FALSE = ['../../etc/passwd', '/etc/passwd', 'db1/a\0b', '', 'db1//x', 'db1/.partial/x', 'nothost'];
    const withFalse = FALSE.reduce((status, key) => withEntry(status, 'daily', key, { size: 1 }), two);
    await store.change(() => ({ status: withFalse, deletions: [OLD, ...FALSE] }));
    for (let reads = 0; reads < 3; reads++) {
      expect(await store.read()).toEqual({ status: two, deletions: [OLD] });
    }
    expect(messages).toEqual([
      `warn: ${first} has keys that no object can have (7), such as ""; they are ignored, and the next backup leaves them out`,
    ]);
    await store.change((stored) => ({ ...stored }));
    expect(decodeEnvelope(readFileSync(second, 'utf8')).extra).toEqual({ deletions: [OLD] });
  });

  it('is damaged when it is too large, and the second copy stands in for it', async () => {
    await store.change(() => ({ status: two, deletions: [] }));
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
      await store.change(() => ({ status: two, deletions: [] }));
      writeFileSync(first, Buffer.from(content).toString('base64'));
      expect((await store.read()).status).toEqual(two);
      expect(messages.at(-1)).toBe(`warn: ${first} is damaged: ${reason}; its second copy is used`);
    }
  });
});
