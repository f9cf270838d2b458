import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localContext } from '../../../test/fixtures/local-context.ts';
import { listCopies } from '../../catalogue/list-copies.ts';
import { RUN_TYPES } from '../../copies/run-type.ts';
import type { Destination } from '../../destinations/destination.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { LockTimeoutError, OutgrownError } from '../../errors.ts';
import { writeHolder } from '../../lock/lock-holder.ts';
import { newPartialName } from '../../lock/owner.ts';
import { openStoredRecord } from '../../lock/stored-record.ts';
import { createLog } from '../../log.ts';
import type { JobContext } from '../job-context.ts';
import { lockWait } from '../with-run-lock.ts';
import { runBackup } from './run-backup.ts';

let dir: string;
let messages: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'run-'));
  messages = [];
  for (const folder of ['one', 'two']) {
    mkdirSync(join(dir, folder));
    writeFileSync(join(dir, folder, 'file'), folder);
  }
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A context that backs `one` and `two` up to a local folder; a minute passes with each look at the clock. */
function createContext(options: { readonly dirs?: string; readonly more?: string } = {}): JobContext {
  const file = join(dir, 'cfg');
  const { dirs = `${dir}/one ${dir}/two`, more = '' } = options;
  const content = `[source]\nbackup_dirs=${dirs}\n[destination]\nbackup_destination=local\n${more}[measures]\nlog=${dir}/m\n`;
  const log = createLog('debug', (level, message) => messages.push(`${level} ${message}`));
  let minutes = 0;
  return localContext(file, content, {
    destination: openLocal({ kind: 'local', backupDir: join(dir, 'copies') }, log),
    local: undefined,
    log,
    machineId: () => 'machine-1',
    now: () => new Date(Date.UTC(2026, 0, 1, 0, (minutes += 1))),
  });
}

const options = (waitSeconds = 0) => ({ lock: { path: join(dir, 'lock'), waitSeconds } });

function errors(): string[] {
  return messages.filter((message) => message.startsWith('error'));
}

async function keys(context: JobContext): Promise<string[]> {
  return (await listCopies(context)).copies.map(({ object }) => object.key);
}

describe('the statuses of a run', () => {
  it.each([
    ['', 1],
    [`keep_local_path=LOCAL\n`, 2],
  ])('are read once each, and back after each change and at the end (%j)', async (more, locations) => {
    const context = createContext({ more: more.replace('LOCAL', join(dir, 'kept')) });
    const read: string[] = [];
    const counting = (destination: Destination): Destination => ({
      ...destination,
      read(key, reading) {
        if (key.includes('/files-status')) read.push(key);
        return destination.read(key, reading);
      },
    });
    const local =
      more === '' ? undefined : openLocal({ kind: 'local', backupDir: join(dir, 'kept') }, context.log);
    const counted = {
      ...context,
      destination: counting(context.destination),
      local: local && counting(local),
    };
    expect(await runBackup('daily', options(), counted)).toBe(true);
    // Both copies of each: in the beginning, after each of two directories, at the end.
    expect(read).toHaveLength(locations * 2 * (1 + 2 + 1));
  });
});

describe('the lock of a run', () => {
  it('is waited for half the interval of the run type', () => {
    const hours = RUN_TYPES.map((runType) => lockWait(runType) / 3600);
    expect(hours).toEqual([0.5, 12, 84, 360, 4380]);
  });

  it('ends an hourly run without it in silence, and every other one with an error', async () => {
    mkdirSync(join(dir, 'lock.lock'));
    const context = createContext();
    expect(await runBackup('hourly', options(0.1), context)).toBe(true);
    expect(messages).toEqual([
      expect.stringMatching(/^info Waiting for another run/),
      expect.stringMatching(/^debug Another run still holds the lock/),
    ]);
    utimesSync(join(dir, 'lock.lock'), new Date(), new Date());
    await expect(runBackup('daily', options(), context)).rejects.toBeInstanceOf(LockTimeoutError);
  });

  it.each([
    ['the hourly backup', 3600, 1.9, 'silence'],
    ['the hourly backup', 3600, 2.1, 'an error'],
    ['the daily backup', 24 * 3600, 47, 'silence'],
    ['the daily backup', 24 * 3600, 49, 'an error'],
  ])(
    'held by %s, which should take %i s and has had it for %d h, ends an hourly run in %s',
    async (what, limitSeconds, hours, end) => {
      mkdirSync(join(dir, 'lock.lock'));
      const holding = { what, limitSeconds };
      writeHolder(join(dir, 'lock.lock'), newPartialName(), holding, Date.now() - hours * 3_600_000);
      const run = runBackup('hourly', options(), createContext());
      if (end === 'silence') expect(await run).toBe(true);
      else await expect(run).rejects.toThrow(`: ${what} (process ${process.pid}), begun `);
      expect(errors()).toEqual([]);
    },
  );

  it('that was lost keeps the run from writing a status, and from leaving a copy without one', async () => {
    const context = createContext();
    const losing: Destination = {
      ...context.destination,
      write(key, how) {
        // The copy is being written: the library looks at the lock seconds later.
        if (key.includes('/daily/')) rmSync(join(dir, 'lock.lock'), { recursive: true, force: true });
        return context.destination.write(key, how);
      },
    };
    const run = runBackup('daily', options(), { ...context, destination: losing });
    await expect(run).rejects.toThrow(`The lock ${dir}/lock.lock was taken away from this run`);
    expect(await keys(context)).toEqual([]);
    expect(readdirSync(join(dir, 'copies/db1'), { recursive: true }).map(String)).not.toContainEqual(
      expect.stringContaining('status'),
    );
  });
});

describe('a run', () => {
  it('reports to the monitoring what came of each directory, also when nothing could be begun', async () => {
    const file = join(dir, 'metrics.prom');
    const more = `[export]\ntransport=prometheus\nprometheus_file=${file}\n`;
    const results = () =>
      [...readFileSync(file, 'utf8').matchAll(/^twindb_backup_last_run_succeeded(.*)$/gm)].map(
        ([, labels]) => labels,
      );
    const labels = (folder: string) => `{type="files",source="${dir}/${folder}",run_type="daily"}`;
    expect(
      await runBackup('daily', options(), createContext({ dirs: `${dir}/absent ${dir}/two`, more })),
    ).toBe(false);
    expect(results()).toEqual([`${labels('absent')} 0`, `${labels('two')} 1`]);

    const context = createContext({ more });
    mkdirSync(join(dir, 'lock.lock'));
    await expect(runBackup('daily', options(), context)).rejects.toBeInstanceOf(LockTimeoutError);
    expect(results()).toEqual([`${labels('one')} 0`, `${labels('two')} 0`]);

    // An hourly run that lets the one before it finish has not failed.
    rmSync(file);
    expect(await runBackup('hourly', options(), context)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  it('does nothing when its run type is off', async () => {
    const context = createContext({ more: '[intervals]\nrun_daily=no\n' });
    expect(await runBackup('daily', options(), context)).toBe(true);
    expect(await keys(context)).toEqual([]);
  });

  it('fails when the configuration names nothing to back up', async () => {
    expect(await runBackup('daily', options(), createContext({ dirs: '' }))).toBe(false);
    expect(errors()[0]).toContain('Nothing was backed up: the configuration names no directory');
  });

  it('goes on with the other directories when one fails', async () => {
    const context = createContext({ dirs: `${dir}/absent ${dir}/two` });
    expect(await runBackup('daily', options(), context)).toBe(false);
    expect(errors()).toEqual([expect.stringContaining(`Cannot back up ${dir}/absent`)]);
    expect(await keys(context)).toHaveLength(1);
  });

  it('goes on making copies while expired ones cannot be removed, reports that once, and removes them later', async () => {
    const real = createContext({ more: '[retention]\ndaily_copies=1\n' });
    const destination: Destination = {
      ...real.destination,
      delete: () => Promise.reject(new Error('no permission')),
    };
    const stuck = { ...real, destination };
    expect(await runBackup('daily', options(), stuck)).toBe(true);
    for (let run = 2; run <= 3; run += 1) {
      messages.length = 0;
      expect(await runBackup('daily', options(), stuck)).toBe(false);
      expect(errors()).toEqual([expect.stringContaining('Cannot remove')]);
      expect(await keys(stuck)).toHaveLength(run * 2);
    }
    expect(await runBackup('daily', options(), real)).toBe(true);
    expect(await keys(real)).toHaveLength(2);
  });

  it('warns of a state that lasts when it begins or changes, not in each run', async () => {
    const real = createContext();
    let reason = 'no permission';
    const destination: Destination = { ...real.destination, sweep: () => Promise.reject(new Error(reason)) };
    const warningsOf = async (context: JobContext) => {
      messages.length = 0;
      expect(await runBackup('daily', options(), context)).toBe(true);
      return messages.filter((message) => message.startsWith('warn'));
    };
    const warning = (text: string) => [`warn Cannot remove partial files left by earlier runs: ${text}`];
    expect(await warningsOf({ ...real, destination })).toEqual(warning('no permission'));
    expect(await warningsOf({ ...real, destination })).toEqual([]);
    reason = 'read-only';
    expect(await warningsOf({ ...real, destination })).toEqual(warning('read-only'));
    expect(await warningsOf(real)).toEqual([]);
    expect(await warningsOf({ ...real, destination })).toEqual(warning('read-only'));
  });

  it('warns once of what a destination says of each copy, though it names another object each time', async () => {
    const context = createContext();
    const destination: Destination = {
      ...context.destination,
      write(key, write) {
        write?.warnLasting?.(`${key} takes much memory`, 'large parts');
        return context.destination.write(key, write);
      },
    };
    const warnings: number[] = [];
    for (let run = 1; run <= 2; run += 1) {
      messages.length = 0;
      expect(await runBackup('daily', options(), { ...context, destination })).toBe(true);
      warnings.push(messages.filter((message) => /^warn .* takes much memory/.test(message)).length);
    }
    // For each of the two directories.
    expect(warnings).toEqual([2, 0]);
  });

  it('warns of a new machine once, not in each run, where the ID is another one each time', async () => {
    const real = createContext({ dirs: `${dir}/one` });
    const warned: number[] = [];
    for (const id of ['first', 'second', 'third', 'fourth']) {
      messages.length = 0;
      expect(await runBackup('daily', options(), { ...real, machineId: () => id })).toBe(true);
      warned.push(
        messages.filter((message) => message.startsWith('warn The copies of db1 so far are of')).length,
      );
    }
    expect(warned).toEqual([0, 1, 0, 0]);
  });

  it('remembers what was warned of a directory through runs that leave directories out', async () => {
    const context = createContext({ dirs: `${dir}/one`, more: '[source]\nrun_types=daily\n' });
    const ahead = { ...context, now: () => new Date('2027-01-01T00:00:00Z') };
    expect(await runBackup('daily', options(), ahead)).toBe(true);
    const warned: number[] = [];
    for (const runType of ['daily', 'hourly', 'daily'] as const) {
      messages.length = 0;
      expect(await runBackup(runType, options(), context)).toBe(true);
      warned.push(messages.filter((message) => /^warn .*one.* is dated in the future/.test(message)).length);
    }
    expect(warned).toEqual([1, 0, 0]);
  });

  it('forgets the size that a directory reached when the configuration no longer has it', async () => {
    const failing = createContext();
    const destination: Destination = {
      ...failing.destination,
      write: (key, write) =>
        key.includes('_one-')
          ? new Writable({
              write: (_bytes, _encoding, callback) =>
                callback(new OutgrownError('too large', { size: 5000 })),
            })
          : failing.destination.write(key, write),
    };
    const remembered = (): unknown =>
      JSON.parse(readFileSync(join(dir, 'copies', 'db1', 'files-status.copy'), 'utf8')).told;
    const size = `@machine-1 outgrown ${dir}/one`;
    expect(await runBackup('daily', options(), { ...failing, destination })).toBe(false);
    expect(remembered()).toHaveProperty([size, 'bytes'], 5000);
    expect(await runBackup('daily', options(), createContext({ dirs: join(dir, 'two') }))).toBe(true);
    expect(remembered() ?? {}).not.toHaveProperty([size]);
  });

  it('plans for twice the size that a copy reached which its destination could not hold, until one is stored', async () => {
    const context = createContext();
    const planned: (number | undefined)[] = [];
    const refusing: Destination = {
      ...context.destination,
      write(key, write) {
        if (!key.includes('_one-')) return context.destination.write(key, write);
        const atMost = write?.expected?.atMost;
        planned.push(atMost);
        if (atMost === 10_000) return context.destination.write(key, write);
        return new Writable({
          write: (_bytes, _encoding, callback) => callback(new OutgrownError('too large', { size: 5000 })),
        });
      },
    };
    const given = { ...context, destination: refusing };
    expect(await runBackup('daily', options(), given)).toBe(false);
    expect(errors()).toEqual([`error Cannot back up ${dir}/one: too large`]);
    expect(await runBackup('daily', options(), given)).toBe(true);
    expect(await runBackup('daily', options(), given)).toBe(false);
    expect(planned.slice(0, 2)).toEqual([undefined, 10_000]);
    // Three times the second copy, which was small.
    expect(planned.slice(2)).toEqual([expect.toSatisfy((atMost: number) => atMost < 1500)]);
  });

  it('remembers that size also when it is stopped afterwards', async () => {
    const context = createContext();
    const stop = new AbortController();
    const planned: (number | undefined)[] = [];
    const destination: Destination = {
      ...context.destination,
      write(key, write) {
        if (key.includes('_two-')) stop.abort(new Error('SIGTERM'));
        if (!key.includes('_one-')) return context.destination.write(key, write);
        planned.push(write?.expected?.atMost);
        return new Writable({
          write: (_bytes, _encoding, callback) => callback(new OutgrownError('too large', { size: 5000 })),
        });
      },
    };
    const stopped = runBackup('daily', options(), { ...context, destination, signal: stop.signal });
    await expect(stopped).rejects.toThrow('SIGTERM');
    await runBackup('daily', options(), { ...context, destination });
    expect(planned).toEqual([undefined, 10_000]);
  });

  it('warns once of copies that a clock ahead has dated, and they push none out', async () => {
    const real = createContext({ dirs: `${dir}/one`, more: '[retention]\ndaily_copies=2\n' });
    const ahead = { ...real, now: () => new Date('2027-01-01T00:00:00Z') };
    expect(await runBackup('daily', options(), ahead)).toBe(true);
    for (let run = 1; run <= 3; run += 1) {
      messages.length = 0;
      expect(await runBackup('daily', options(), real)).toBe(true);
      const warnings = messages.filter(
        (message) => !message.includes('The oldest key') && message.startsWith('warn'),
      );
      expect(warnings).toEqual(run === 1 ? [expect.stringContaining('dated in the future (2027-01-01')] : []);
    }
    expect((await keys(real)).filter((key) => key.includes('2027'))).toEqual([]);
    expect(await keys(real)).toHaveLength(2);
  });

  it('stores nothing when the status cannot be read', async () => {
    const context = createContext();
    mkdirSync(join(dir, 'copies', 'db1'), { recursive: true });
    for (const name of ['files-status', 'files-status.copy'])
      writeFileSync(join(dir, 'copies', 'db1', name), 'x');
    await expect(runBackup('daily', options(), context)).rejects.toThrow('Nothing was backed up');
    expect(await keys(context)).toEqual([]);
  });

  it('misses a copy no more that was there again, when retention removes it later', async () => {
    const more = 'must_exist=yes\n[retention]\ndaily_copies=1\n';
    const folders = [join(dir, 'state')];
    const run = async () => {
      const context = createContext({ dirs: join(dir, 'one'), more });
      const later = new Date(Date.now() + (runs += 1) * 86_400_000);
      const stored = openStoredRecord(context.destination.url, folders);
      return await runBackup('daily', options(), { ...context, stored, now: () => later });
    };
    let runs = 0;
    const [copies, away] = [join(dir, 'copies'), join(dir, 'away')];
    expect(await run()).toBe(true);
    renameSync(copies, away);
    mkdirSync(copies);
    await expect(run()).rejects.toThrow('has lost copies of this host');
    rmSync(copies, { recursive: true });
    renameSync(away, copies);
    expect(await run()).toBe(true);
    expect(await keys(createContext())).toHaveLength(1);
    expect(await run()).toBe(true);
  });
});
