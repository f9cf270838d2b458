import { describe, expect, it } from 'vitest';
import type { StoredBinlog } from '../binlog/plan-replay.ts';
import { flavourOf } from '../flavours.ts';
import { adviseReplay, commandWith, type ReplayKnowledge } from './advise-replay.ts';

const log = (name: string, timeCreated: number, more: Partial<StoredBinlog> = {}): StoredBinlog => ({
  key: `db1/binlog/${name}`,
  name,
  binlog: name.replace(/\.\d{10}$/, ''),
  timeCreated,
  listed: true,
  serverIdentity: 'A',
  stored: timeCreated,
  ...more,
});

const data = {
  dst: '/restore',
  flavour: flavourOf('mariadb', '10.11.19'),
  setup: undefined,
  binlog: 'mysql-bin.000002',
  position: 546,
  gtid: '0-1-6',
};
const means = (configFile?: string) => ({ command: commandWith(configFile), oldLogs: undefined });
const advise = (known: ReplayKnowledge, more: Partial<typeof data> = {}) =>
  adviseReplay({ ...data, ...more }, known, means()).join('\n');

const first = log('mysql-bin.000002', 20);
const next = log('mysql-bin.000003', 30);
const anew = log('mysql-bin.000001.1795372212', 40);

describe('the advice about binary logs', () => {
  it('is commands that fetch them all by their keys and replay them in their order', () => {
    const text = advise({ kind: 'known', logs: [first, next], beyond: [] });
    expect(text).toContain('The data are those at mysql-bin.000002, position 546, GTID 0-1-6.');
    expect(text).toContain(
      '  twindb-backup restore binlog db1/binlog/mysql-bin.000002 db1/binlog/mysql-bin.000003 --dst /restore-binlogs\n' +
        '  cd /restore-binlogs\n' +
        '  # behind the last of them: logs of the old server that are not copied yet, at least the one it was writing\n' +
        '  # mariadb must log in as root or another account with all privileges: the one for backups cannot replay\n' +
        '  mariadb-binlog --no-defaults --start-position=546 mysql-bin.000002 mysql-bin.000003 > replay.sql' +
        " && mariadb -e 'SET GLOBAL max_allowed_packet=1073741824, gtid_strict_mode=OFF'" +
        ' && mariadb --binary-mode --max-allowed-packet=1G < replay.sql\n' +
        '  systemctl restart mariadb ',
    );
  });

  it('names the programs of the server', () => {
    const mysql = advise(
      { kind: 'known', logs: [first, anew], beyond: [] },
      { flavour: flavourOf('oracle', '8.0.36') },
    );
    expect(mysql).toContain(
      '  mysqlbinlog --no-defaults --start-position=546 mysql-bin.000002 mysql-bin.000001.1795372212 >',
    );
    expect(mysql).toContain("&& mysql -e 'SET GLOBAL max_allowed_packet=1073741824' && mysql --binary-mode");
    expect(mysql).toContain('--max-allowed-packet=1G < replay.sql');
  });

  it('names the configuration file that the restore was given, and no other', () => {
    const known = { kind: 'known', logs: [first], beyond: [] } as const;
    const named = adviseReplay(data, known, means("/srv/it's.cfg")).join('\n');
    expect(named).toContain("  twindb-backup --config '/srv/it'\\''s.cfg' restore binlog db1/binlog/");
  });

  it('says where the logs are that are not copied yet, and restarts the unit that was recorded', () => {
    const known = { kind: 'known', logs: [first], beyond: [] } as const;
    const setup = { settings: {}, unit: 'mariadb@2', filters: {}, upstreams: [] };
    const oldLogs = '/var/log/mysql.old';
    const text = adviseReplay({ ...data, setup }, known, { ...means(), oldLogs }).join('\n');
    expect(text).toContain('at least the one it was writing, in /var/log/mysql.old\n');
    expect(text).toContain('\n  systemctl restart mariadb@2 ');
    const missing = adviseReplay(data, { kind: 'not-copied', others: [] }, { ...means(), oldLogs });
    expect(missing[0]).toContain('take it and the later ones from /var/log/mysql.old');
  });

  it('says what does not follow, and leaves it out of the commands', () => {
    const text = advise({ kind: 'known', logs: [first, next], beyond: [anew] });
    expect(text).toContain(
      'Another log was begun later, and does not follow from mysql-bin.000003; the next is\n  db1/binlog/mysql-bin.000001.1795372212  begun',
    );
    expect(text).toContain('mysql-bin.000003 > replay.sql');
    // What the server has left follows from the newest of its logs, not from these.
    expect(text).not.toContain('that are not copied yet');
    expect(advise({ kind: 'known', logs: [first, next], beyond: [] })).not.toContain('follow');
  });

  it('says that there may be more where not all could be read', () => {
    const text = advise({ kind: 'known', logs: [first], beyond: [], mayMiss: 'no route to host' });
    expect(text).toContain('There may be more copies: no route to host');
  });

  it('says that the log was not copied, and warns of those that only have its name', () => {
    const text = advise({ kind: 'not-copied', others: [first] });
    expect(text).toContain('That log is not among the copies');
    expect(text).toMatch(/are of other logs.*\n {2}db1\/binlog\/mysql-bin\.000002 {2}begun 1970-01-0/);
    expect(text).not.toContain('restore binlog');
    expect(text).toContain(
      '\n  mariadb-binlog --no-defaults --start-position=546 mysql-bin.000002 … > replay.sql',
    );
    expect(advise({ kind: 'not-copied', others: [] })).not.toContain('other logs');
  });

  it('says how to find out when the log cannot be told', () => {
    const text = advise({ kind: 'unsure', choices: [first, anew] });
    expect(text).toContain('  db1/binlog/mysql-bin.000001.1795372212  begun 1970-01-0');
    expect(text).toContain('mariadb-binlog --no-defaults --stop-position=546 FILE | grep end_log_pos');
    expect(advise({ kind: 'unknown', reason: 'no route to host' })).toContain('no route to host');
  });

  it('is none for a server without binary logs', () => {
    const without = { ...data, binlog: undefined, position: undefined };
    expect(
      adviseReplay({ ...without, gtid: undefined }, { kind: 'not-copied', others: [] }, means()),
    ).toEqual([]);
  });

  it('keeps names that steer a terminal or a shell in their place', () => {
    const evil = log('x\n\x1b[2J.000001', 20, { key: "db1/binlog/x\n\x1b[2J;rm 'y'.000001" });
    for (const known of [
      { kind: 'known', logs: [evil], beyond: [evil], mayMiss: 'x\n\x1b' },
      { kind: 'unsure', choices: [evil] },
      { kind: 'not-copied', others: [evil] },
    ] as const) {
      const lines = adviseReplay({ ...data, binlog: 'x\n\x1b[2J', gtid: '0\n\x1b' }, known, means());
      for (const line of lines) expect(line).toMatch(/^[^\p{Cc}]*$/u);
    }
  });

  it('takes no name for an option of a program', () => {
    const dashed = log('--result-file=x.000001', 20);
    const known = advise({ kind: 'known', logs: [dashed], beyond: [] });
    expect(known).toContain(" './--result-file=x.000001' > replay.sql");
    const missing = advise({ kind: 'not-copied', others: [] }, { binlog: '-rx.000001' });
    expect(missing).toContain(
      'mariadb-binlog --no-defaults --start-position=546 ./-rx.000001 … > replay.sql',
    );
  });
});
