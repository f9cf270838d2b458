import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Killed,
  type Lifetime,
  simulateCopy,
  simulatePlace,
} from '../../../test/fixtures/simulated-places.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../../copies/run-type.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { createLog } from '../../log.ts';
import { candidateParent, chooseBackupType } from '../../mysql/copy/choose-type.ts';
import { StatusDamagedError } from '../../status/envelope.ts';
import type { CopyPlaces } from './record-copy.ts';
import { finishAllDeletions, recordCopy } from './record-copy.ts';

type Counts = Readonly<Record<RunType, number>>;

/** One run of the tool. */
interface Run {
  readonly runType: RunType;
  readonly fullBackup: RunType;
  readonly counts: Counts;
  readonly countsHere: Counts;
  /** Seconds since the run before; clocks are set back, too. */
  readonly pause: number;
  /** How many changes of the places the run gets done before it is killed. */
  readonly steps: number;
  /** The server was made anew before this run. */
  readonly isReinitialised: boolean;
  /** The status in keep_local_path cannot be read; somebody mends it afterwards. */
  readonly isDamaged: boolean;
}

const runTypes = fc.constantFrom(...RUN_TYPES);
const count = fc.nat(3);
const anyCounts = fc.record({ hourly: count, daily: count, weekly: count, monthly: count, yearly: count });
const seldom = fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true));
const runs: fc.Arbitrary<Run> = fc.record({
  runType: fc.oneof({ weight: 3, arbitrary: fc.constant<RunType>('hourly') }, runTypes),
  fullBackup: fc.oneof({ weight: 3, arbitrary: fc.constant<RunType>('daily') }, runTypes),
  counts: anyCounts,
  countsHere: anyCounts,
  pause: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.integer({ min: -9, max: 0 })),
  steps: fc.oneof({ weight: 3, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.nat(12)),
  isReinitialised: seldom,
  isDamaged: seldom,
});

const log = createLog('error', () => undefined);

/** The destination and keep_local_path of one host, and the runs' order of changes: objects, statuses, deletions. */
class Repository {
  private readonly lifetime: Lifetime = { steps: 0 };
  readonly remote = simulatePlace('remote', this.lifetime, 'destination');
  readonly local = simulatePlace('local', this.lifetime, 'local');
  private readonly places: CopyPlaces = { destination: this.remote, local: this.local };
  private time = 1000;
  private server = 0;
  private made = 0;

  copies(): MysqlCopy[] {
    return MYSQL.copies(this.remote.stored.status);
  }

  copiesHere(): MysqlCopy[] {
    return MYSQL.copies(this.local.stored.status);
  }

  /** Returns the copy; undefined when the run was killed, or found a damaged status. */
  async run(run: Run): Promise<MysqlCopy | undefined> {
    this.lifetime.steps = run.steps;
    this.time += run.pause;
    this.local.isDamaged = run.isDamaged;
    if (run.isReinitialised) this.server += 1;
    try {
      const copy = await this.backUp(run);
      await finishAllDeletions(this.places);
      return copy;
    } catch (error) {
      const isKilled = [error, (error as Error).cause].some((each) => each instanceof Killed);
      if (isKilled || error instanceof StatusDamagedError) return undefined;
      throw error;
    }
  }

  private async backUp(run: Run): Promise<MysqlCopy> {
    const copy = this.nextCopy(run);
    const { key, parent, name } = copy;
    const kept = {
      ...copy,
      key: keepLocalKey(key),
      name: keepLocalKey(name),
      parent: parent && keepLocalKey(parent),
    };
    this.local.store(kept.key);
    this.remote.store(key);
    const { remote, local } = this;
    await recordCopy({ ...remote, counts: run.counts, other: local }, MYSQL, copy, { log });
    await recordCopy({ ...local, counts: run.countsHere, other: remote }, MYSQL, kept, { log });
    return copy;
  }

  private nextCopy({ runType, fullBackup, counts }: Run): MysqlCopy {
    const copies = this.copies();
    const wanted = { runType, fullBackup, copies, counts, now: this.time };
    const candidate = candidateParent(wanted);
    const server = { identity: `s${this.server}`, vendor: 'mariadb' as const, version: '10.11.6' };
    const choice = chooseBackupType({
      ...wanted,
      parent: candidate && (this.remote.objects.has(candidate.key) ? 'whole' : 'absent'),
      server: { ...server, lsn: undefined },
    });
    this.made += 1;
    return simulateCopy({
      runType,
      name: `mysql-${this.made}.xbstream.gz.gpg`,
      parent: choice.type === 'full' ? undefined : choice.parent.key,
      lsn: 1000 + this.made,
      backupStarted: this.time,
      serverIdentity: server.identity,
    });
  }
}

/** The newest copies of a run type, as many as there are to be kept. */
function newest(copies: readonly MysqlCopy[], runType: RunType, kept: number): MysqlCopy[] {
  const ofType = copies.filter((copy) => copy.runType === runType);
  return ofType
    .toSorted((a, b) => b.backupStarted - a.backupStarted || (a.key < b.key ? 1 : -1))
    .slice(0, kept);
}

/** That each copy that a place lists is there, and the full copy it continues, here or in the other place. */
function expectRestorable({ remote, local }: Repository): void {
  const listed = [remote, local].flatMap((place) =>
    MYSQL.copies(place.stored.status).map((copy) => ({ copy, hasObject: place.objects.has(copy.key) })),
  );
  const fulls = new Map(
    listed.filter(({ copy }) => copy.type === 'full').map(({ copy }) => [keepLocalKey(copy.key), copy]),
  );
  for (const { copy, hasObject } of listed) {
    expect([copy.key, hasObject]).toEqual([copy.key, true]);
    if (copy.type === 'full') continue;
    const parent = fulls.get(keepLocalKey(copy.parent ?? ''));
    expect(parent).toMatchObject({ serverIdentity: copy.serverIdentity });
  }
}

const keysOf = (copies: readonly MysqlCopy[]) => copies.map(({ key }) => key);

describe('any sequence of runs, some of them killed', () => {
  const sequences = fc.array(runs, { minLength: 1, maxLength: 40 });
  const holds = (check: (repository: Repository, sequence: readonly Run[]) => Promise<void>) =>
    fc.assert(fc.asyncProperty(sequences, (sequence) => check(new Repository(), sequence)));

  it('leaves every copy that either place lists restorable from what the two places hold', () =>
    holds(async (repository, sequence) => {
      for (const run of sequence) {
        await repository.run(run);
        expectRestorable(repository);
      }
    }));

  it('leaves at the destination what its own copies continue: it alone is enough for those', () =>
    holds(async (repository, sequence) => {
      for (const run of sequence) {
        await repository.run(run);
        const keys = keysOf(repository.copies());
        for (const { type, parent } of repository.copies())
          if (type === 'incremental') expect(keys).toContain(parent);
      }
    }));

  it('leaves a copy to restore, whatever the counts, once a run went through', () =>
    holds(async (repository, sequence) => {
      let hasCopy = false;
      for (const run of sequence) {
        const made = await repository.run(run);
        if (made) expect(keysOf(repository.copies())).toContain(made.key);
        hasCopy ||= made !== undefined;
        if (hasCopy) expect(repository.copies().length).toBeGreaterThan(0);
      }
    }));

  it('keeps as many copies of each run type as configured, and more only where a chain or the newest needs it', () =>
    holds(async (repository, sequence) => {
      for (const run of sequence) {
        const [before, beforeHere] = [repository.copies(), repository.copiesHere()];
        const made = await repository.run(run);
        if (made === undefined) continue;
        const all = RUN_TYPES.flatMap((runType) => newest([...before, made], runType, run.counts[runType]));
        const after = repository.copies();
        expect(keysOf(after)).toEqual(expect.arrayContaining(keysOf(all)));
        const parents = new Set(
          [...after, ...beforeHere].map(({ parent }) => parent && keepLocalKey(parent)),
        );
        const [latest] = after.toSorted((a, b) => b.backupStarted - a.backupStarted);
        const surplus = after.filter(
          ({ key }) => key !== made.key && !keysOf(all).includes(key) && !parents.has(keepLocalKey(key)),
        );
        expect(surplus.every((copy) => copy.backupStarted === latest?.backupStarted)).toBe(true);
      }
    }));

  it('keeps locally as many as configured, and a full one beyond that only while a local copy continues it', () =>
    holds(async (repository, sequence) => {
      for (const run of sequence) {
        const before = repository.copiesHere();
        const made = await repository.run(run);
        if (made === undefined) continue;
        const entered = [...before, { ...made, key: keepLocalKey(made.key) }];
        const all = RUN_TYPES.flatMap((runType) => newest(entered, runType, run.countsHere[runType]));
        const parents = all.map(({ parent }) => parent && keepLocalKey(parent));
        const expected = entered.filter(({ key }) => keysOf(all).includes(key) || parents.includes(key));
        expect(keysOf(repository.copiesHere()).toSorted()).toEqual(keysOf(expected).toSorted());
      }
    }));

  it('leaves no more objects than copies, but for those of runs that were killed before they were entered', () =>
    holds(async (repository, sequence) => {
      let failed = 0;
      for (const run of sequence) if ((await repository.run(run)) === undefined) failed += 1;
      await repository.run({ ...(sequence[0] as Run), steps: Number.POSITIVE_INFINITY, isDamaged: false });
      const { remote, local } = repository;
      for (const { stored, objects } of [remote, local]) {
        expect(stored.deletions).toEqual([]);
        expect(objects.size).toBeLessThanOrEqual(MYSQL.copies(stored.status).length + failed);
      }
    }));
});
