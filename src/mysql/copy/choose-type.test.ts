import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../../copies/run-type.ts';
import { type ChoiceInput, candidateParent, chooseBackupType } from './choose-type.ts';

function copyOf(runType: RunType, backupStarted: number, changes: Partial<MysqlCopy> = {}): MysqlCopy {
  const name = `mysql-${backupStarted}.xbstream.gz`;
  return {
    key: `db1/${runType}/mysql/${name}`,
    host: 'db1',
    runType,
    name,
    type: 'full',
    parent: undefined,
    lsn: 1000,
    binlog: undefined,
    position: undefined,
    gtid: undefined,
    backupStarted,
    backupFinished: backupStarted + 1,
    galera: false,
    wsrepProviderVersion: undefined,
    config: [],
    serverVendor: 'mariadb',
    serverVersion: '10.11.6-MariaDB',
    serverIdentity: 'a',
    size: undefined,
    sha256: undefined,
    unpackedSize: undefined,
    chain: undefined,
    ...changes,
  };
}

const NOW = 1_767_225_600;
const COUNTS = { hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3 };

function rank(copy: MysqlCopy): number {
  return RUN_TYPES.indexOf(copy.runType);
}

function inputOf(
  changes: Partial<ChoiceInput> = {},
  server: Partial<ChoiceInput['server']> = {},
): ChoiceInput {
  return {
    runType: 'hourly',
    fullBackup: 'daily',
    copies: [copyOf('daily', 5)],
    counts: COUNTS,
    now: NOW,
    parent: 'whole',
    server: { identity: 'a', vendor: 'mariadb', version: '10.11.11-MariaDB-log', lsn: 2000, ...server },
    ...changes,
  };
}

describe('the choice between full and incremental', () => {
  it.each(RUN_TYPES.flatMap((fullBackup) => RUN_TYPES.map((runType) => ({ fullBackup, runType }))))(
    'with full_backup=$fullBackup a $runType run is full exactly when it is not more frequent',
    ({ fullBackup, runType }) => {
      const copies = [copyOf('yearly', 1)];
      const isFull = RUN_TYPES.indexOf(fullBackup) <= RUN_TYPES.indexOf(runType);
      expect(chooseBackupType(inputOf({ runType, fullBackup, copies })).type).toBe(
        isFull ? 'full' : 'incremental',
      );
    },
  );

  it('continues no full copy that has served its time, so that none is kept for ever by what continues it', () => {
    const first = copyOf('hourly', 1);
    const later = [2, 3].map((at) => copyOf('hourly', at, { type: 'incremental', parent: first.key }));
    const parentOf = (copies: readonly MysqlCopy[], hourly: number) =>
      candidateParent({
        runType: 'hourly',
        fullBackup: 'daily',
        copies,
        counts: { ...COUNTS, hourly },
        now: NOW,
      })?.key;
    const daily = copyOf('daily', 2);
    expect(parentOf([first, ...later, daily], 3)).toBe(first.key);
    expect(parentOf([first, ...later, daily], 2)).toBe(daily.key);
    expect(parentOf([first, ...later], 2)).toBeUndefined();
    expect(parentOf([first], 0)).toBe(first.key);
  });

  it('takes the newest full copy of the nearest run type as the parent, the own one first', () => {
    const copies = [
      copyOf('weekly', 9),
      copyOf('daily', 3),
      copyOf('daily', 7),
      copyOf('daily', 8, { type: 'incremental', parent: 'x' }),
      copyOf('monthly', 10),
    ];
    const parentOf = (runType: RunType, all = copies) =>
      candidateParent({ runType, fullBackup: 'yearly', copies: all, counts: COUNTS, now: NOW })?.key;
    expect(parentOf('hourly')).toBe('db1/daily/mysql/mysql-7.xbstream.gz');
    expect(parentOf('weekly')).toBe('db1/weekly/mysql/mysql-9.xbstream.gz');
    expect(parentOf('hourly', [...copies, copyOf('hourly', 1)])).toBe('db1/hourly/mysql/mysql-1.xbstream.gz');
  });

  it('is full, without a warning, when no copy of this run type or a higher one is full', () => {
    const copies = [copyOf('hourly', 1), copyOf('daily', 2, { type: 'incremental', parent: 'x' })];
    expect(chooseBackupType(inputOf({ runType: 'daily', fullBackup: 'weekly', copies }))).toEqual({
      type: 'full',
      reason: 'there is no full copy that a daily one could continue',
      warn: false,
    });
  });

  it.each([
    ['the parent is gone', { parent: 'absent' as const }, {}, 'is gone from the destination'],
    ['the parent was cut short', { parent: 'damaged' as const }, {}, 'is not whole on the destination'],
    ['the server is another one', {}, { identity: 'b' }, 'of another server'],
    ['the LSN is lower', {}, { lsn: 999 }, 'the server is at LSN 999, before the 1000'],
    ['the series changed', {}, { version: '11.4.2-MariaDB' }, 'is of version 10.11.6-MariaDB'],
    ['the vendor changed', {}, { vendor: 'oracle' as const }, 'of a mariadb server, this one is oracle'],
  ])('is full with a warning when %s', (_what, changes, server, reason) => {
    expect(chooseBackupType(inputOf(changes, server))).toEqual({
      type: 'full',
      reason: expect.stringContaining(reason) as string,
      warn: true,
    });
  });

  it('continues a copy of the Python tool, which recorded neither server nor version', () => {
    const parent = copyOf('daily', 5, { serverIdentity: undefined, serverVersion: undefined });
    expect(chooseBackupType(inputOf({ copies: [parent] }))).toMatchObject({ type: 'incremental', parent });
  });

  it('continues a copy when the LSN has not moved or cannot be told, and Percona counts as Oracle', () => {
    expect(chooseBackupType(inputOf({}, { lsn: 1000 })).type).toBe('incremental');
    expect(chooseBackupType(inputOf({}, { lsn: undefined })).type).toBe('incremental');
    const parent = copyOf('daily', 5, { serverVendor: 'oracle', serverVersion: '8.0.36' });
    const percona = inputOf({ copies: [parent] }, { vendor: 'percona', version: '8.0.37-29' });
    expect(chooseBackupType(percona).type).toBe('incremental');
  });

  it('gives an incremental copy a full parent of its own run type or a higher one, whatever the copies', () => {
    const copies = fc.array(
      fc
        .tuple(fc.constantFrom(...RUN_TYPES), fc.nat(20), fc.boolean())
        .map(([runType, started, full]) =>
          copyOf(runType, started, full ? {} : { type: 'incremental', parent: 'x' }),
        ),
    );
    const runTypes = fc.constantFrom(...RUN_TYPES);
    fc.assert(
      fc.property(copies, runTypes, runTypes, (all, runType, fullBackup) => {
        const choice = chooseBackupType(inputOf({ copies: all, runType, fullBackup }));
        if (choice.type === 'full') return;
        expect(choice.parent.type).toBe('full');
        expect(rank(choice.parent)).toBeGreaterThanOrEqual(RUN_TYPES.indexOf(runType));
        const nearer = all.filter(
          (copy) =>
            copy.type === 'full' &&
            rank(copy) >= RUN_TYPES.indexOf(runType) &&
            (rank(copy) < rank(choice.parent) ||
              (rank(copy) === rank(choice.parent) && copy.backupStarted > choice.parent.backupStarted)),
        );
        expect(nearer).toEqual([]);
      }),
    );
  });
});
