import { describe, expect, it } from 'vitest';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { RecoveryLog } from './recovery-plan.ts';
import { tellRecovery } from './tell-recovery.ts';

const log = (name: string) => ({ name }) as RecoveryLog;

const COPY = {
  key: 'db1/daily/mysql/mysql-2026.xbstream',
  backupFinished: 1_769_817_602,
  binlog: 'mysql-bin.000001',
  position: 385,
  gtid: '0-1-9',
} as MysqlCopy;

const MARK = {
  gtid: '0-1-10',
  time: 1_769_817_700_000_000,
  binlog: 'mysql-bin.000002',
  position: 600,
};

const RECOVERY = {
  plan: { copy: COPY, target: { kind: 'gtid', gtid: '0-1-10' } },
  stop: {
    logs: [log('mysql-bin.000001'), log('mysql-bin.000002')],
    stopPosition: 600,
    lastIncluded: MARK,
    firstLeftOut: { ...MARK, gtid: '0-1-11' },
    transactions: 2,
    gtidState: '0-1-10',
    foreignTimes: 0,
    torn: undefined,
  },
  replay: { transactions: 2, torn: [], preparedXa: [], seconds: { boot: 1, replay: 1, stop: 1 } },
  data: { flavour: { family: 'mariadb' } },
} as const;

describe('what the operator is told of a recovery', () => {
  it('is up to where the data are, and what was left out', () => {
    expect(tellRecovery(RECOVERY)).toEqual([
      'Recovered to GTID 0-1-10: 2 transactions of 2 logs, mysql-bin.000001 to mysql-bin.000002, on db1/daily/mysql/mysql-2026.xbstream.',
      '  last included:  GTID 0-1-10, 2026-01-31T00:01:40Z, position mysql-bin.000002:600',
      '  first left out: GTID 0-1-11, 2026-01-31T00:01:40Z, position mysql-bin.000002:600',
      "  GTID position:  0-1-10. For a server that is to replicate from there: SET GLOBAL gtid_slave_pos='0-1-10';",
    ]);
  });

  it('names foreign times, what was torn off, and XA transactions that wait', () => {
    const lines = tellRecovery({
      ...RECOVERY,
      stop: {
        ...RECOVERY.stop,
        foreignTimes: 3,
        firstLeftOut: undefined,
        torn: { binlog: 'mysql-bin.000002', bytes: 17 },
      },
      replay: {
        ...RECOVERY.replay,
        torn: [{ binlog: 'mysql-bin.000001', bytes: 5 }],
        preparedXa: ["'x','y',1"],
      },
    });
    expect(lines).toContain('  first left out: none that is in these logs');
    expect(lines.join('\n')).toMatch(/3 transactions carry a time that cannot be that of the commit/);
    expect(lines).toContain(
      '  mysql-bin.000001 was cut short: 5 B behind its last complete transaction are left out.',
    );
    expect(lines).toContain(
      '  mysql-bin.000002 was cut short: 17 B behind its last complete transaction are left out.',
    );
    expect(lines.at(-1)).toBe("    XA COMMIT 'x','y',1;");
  });

  it('says that the copy itself is the target, and of MySQL where the GTIDs are', () => {
    const [first, second, , fourth] = tellRecovery({
      ...RECOVERY,
      stop: { ...RECOVERY.stop, logs: [], lastIncluded: undefined },
      replay: undefined,
      data: { flavour: { family: 'mysql' } },
    });
    expect(first).toContain('on which nothing had to be replayed');
    expect(second).toContain('what the copy holds, up to 2026-01-31T00:00:02Z');
    expect(fourth).toBe('  GTIDs:          0-1-10, as gtid_executed of the new server says');
  });
});
