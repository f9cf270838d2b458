import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { candidateParent, chooseBackupType } from '../mysql/copy/choose-type.ts';
import { MYSQL_STATUS, mysqlAttributes, mysqlCopies } from '../status/mysql-status.ts';
import { type PeriodicStatus, withEntry, withoutKeys } from '../status/periodic-status.ts';
import { planChains } from './plan-chains.ts';

/** One run of the tool. */
interface Run {
  readonly runType: RunType;
  readonly fullBackup: RunType;
  readonly counts: Readonly<Record<RunType, number>>;
  /** Seconds since the run before; clocks are set back, too. */
  readonly pause: number;
  /** How many changes of the destination the run gets done before it is killed. */
  readonly steps: number;
  /** The server was made anew before this run. */
  readonly isReinitialised: boolean;
}

const runTypes = fc.constantFrom(...RUN_TYPES);
const count = fc.nat(3);
const runs: fc.Arbitrary<Run> = fc.record({
  runType: fc.oneof({ weight: 3, arbitrary: fc.constant<RunType>('hourly') }, runTypes),
  fullBackup: fc.oneof({ weight: 3, arbitrary: fc.constant<RunType>('daily') }, runTypes),
  counts: fc.record({ hourly: count, daily: count, weekly: count, monthly: count, yearly: count }),
  pause: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.integer({ min: -9, max: 0 })),
  steps: fc.oneof({ weight: 3, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.nat(6)),
  isReinitialised: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
});

class Killed extends Error {}

/** The destination as far as retention goes, and the runs' order of changes: object, status, deletions. */
class Repository {
  status: PeriodicStatus = MYSQL_STATUS.empty;
  deletions: readonly string[] = [];
  readonly objects = new Set<string>();
  private steps = 0;
  private time = 1000;
  private server = 0;
  private made = 0;

  copies(): MysqlCopy[] {
    return mysqlCopies(this.status);
  }

  /** Returns the copy; undefined when the run was killed. */
  run(run: Run): MysqlCopy | undefined {
    this.steps = run.steps;
    this.time += run.pause;
    if (run.isReinitialised) this.server += 1;
    try {
      this.finishDeletions();
      return this.backUp(run);
    } catch (error) {
      if (error instanceof Killed) return undefined;
      throw error;
    }
  }

  private backUp({ runType, fullBackup, counts }: Run): MysqlCopy {
    const copy = this.nextCopy(runType, fullBackup, counts);
    this.change(() => this.objects.add(copy.key));
    const status = withEntry(this.status, runType, copy.key, mysqlAttributes(copy));
    const plan = planChains(mysqlCopies(status), {
      counts,
      alwaysKeepNewest: true,
      needed: new Map([[copy.key, 'it has just been made']]),
    });
    const removed = plan.filter(({ keep }) => !keep).map(({ copy: { key } }) => key);
    this.change(() => {
      this.status = withoutKeys(status, removed);
      this.deletions = [...this.deletions, ...removed];
    });
    this.finishDeletions();
    return copy;
  }

  private finishDeletions(): void {
    for (const key of this.deletions) this.change(() => this.objects.delete(key));
    if (this.deletions.length > 0) {
      this.change(() => {
        this.deletions = [];
      });
    }
  }

  private change(step: () => void): void {
    if (this.steps === 0) throw new Killed();
    this.steps -= 1;
    step();
  }

  private nextCopy(runType: RunType, fullBackup: RunType, counts: Run['counts']): MysqlCopy {
    const copies = this.copies();
    const candidate = candidateParent({ runType, fullBackup, copies, counts });
    const server = { identity: `s${this.server}`, vendor: 'mariadb' as const, version: '10.11.6' };
    const choice = chooseBackupType({
      runType,
      fullBackup,
      copies,
      counts,
      parent: candidate && (this.objects.has(candidate.key) ? 'whole' : 'absent'),
      server: { ...server, lsn: undefined },
    });
    this.made += 1;
    const name = `mysql-${this.made}.xbstream.gz`;
    return {
      key: `db1/${runType}/mysql/${name}`,
      host: 'db1',
      runType,
      name,
      type: choice.type,
      parent: choice.type === 'full' ? undefined : choice.parent.key,
      lsn: 1000 + this.made,
      binlog: undefined,
      position: undefined,
      gtid: undefined,
      backupStarted: this.time,
      backupFinished: this.time + 1,
      galera: false,
      wsrepProviderVersion: undefined,
      config: [],
      serverVendor: server.vendor,
      serverVersion: server.version,
      serverIdentity: server.identity,
      size: 1,
      sha256: '00',
      unpackedSize: undefined,
      chain: ['.gz'],
    };
  }
}

/** The newest copies of a run type, as many as there are to be kept. */
function newest(copies: readonly MysqlCopy[], runType: RunType, kept: number): MysqlCopy[] {
  const ofType = copies.filter((copy) => copy.runType === runType);
  return ofType
    .toSorted((a, b) => b.backupStarted - a.backupStarted || (a.key < b.key ? 1 : -1))
    .slice(0, kept);
}

describe('any sequence of runs, some of them killed', () => {
  const sequences = fc.array(runs, { minLength: 1, maxLength: 40 });

  it('leaves every listed copy restorable: its object and the full copy it continues are there and listed', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const repository = new Repository();
        for (const run of sequence) {
          repository.run(run);
          const listed = new Map(repository.copies().map((copy) => [copy.key, copy]));
          for (const copy of listed.values()) {
            expect(repository.objects).toContain(copy.key);
            if (copy.type === 'full') continue;
            const parent = listed.get(copy.parent ?? '');
            expect(parent).toMatchObject({ type: 'full', serverIdentity: copy.serverIdentity });
          }
        }
      }),
    );
  });

  it('leaves a copy to restore, whatever the counts, once a run went through', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const repository = new Repository();
        let hasCopy = false;
        for (const run of sequence) {
          const made = repository.run(run);
          if (made) expect(repository.copies().map(({ key }) => key)).toContain(made.key);
          hasCopy ||= made !== undefined;
          if (hasCopy) expect(repository.copies().length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('keeps as many copies of each run type as configured, and more only where a chain or the newest needs it', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const repository = new Repository();
        for (const run of sequence) {
          const before = repository.copies();
          const made = repository.run(run);
          if (made === undefined) continue;
          const after = repository.copies();
          const parents = new Set(after.map((copy) => copy.parent));
          for (const runType of RUN_TYPES) {
            const counted = newest([...before, made], runType, run.counts[runType]).map(({ key }) => key);
            expect(after.map(({ key }) => key)).toEqual(expect.arrayContaining(counted));
          }
          const all = RUN_TYPES.flatMap((runType) => newest([...before, made], runType, run.counts[runType]));
          const [latest] = after.toSorted((a, b) => b.backupStarted - a.backupStarted);
          const surplus = after.filter(
            (copy) =>
              !all.some(({ key }) => key === copy.key) && !parents.has(copy.key) && copy.key !== made.key,
          );
          expect(surplus.every((copy) => copy.backupStarted === latest?.backupStarted)).toBe(true);
        }
      }),
    );
  });

  it('leaves no more objects than copies, but for those of runs that were killed before they were entered', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const repository = new Repository();
        let killed = 0;
        for (const run of sequence) if (repository.run(run) === undefined) killed += 1;
        repository.run({ ...(sequence[0] as Run), steps: Number.POSITIVE_INFINITY });
        expect(repository.deletions).toEqual([]);
        expect(repository.objects.size).toBeLessThanOrEqual(repository.copies().length + killed);
      }),
    );
  });
});
