import { expect, it } from 'vitest';
import { FIRST_LINE, format, parse, update } from './prometheus-text.ts';
import type { BackupOutcome, Outcome, Report } from './report.ts';

const outcome: BackupOutcome = {
  work: 'backup',
  media: 'files',
  source: '/etc',
  runType: 'daily',
  succeeded: true,
  finished: 1000,
  duration: 1.5,
  size: 10,
};

/** JavaScript takes the carriage return for the end of a line, too; Prometheus does not. */
const ODD = '/a "b"\\\nc\rd';

const configured: Report['configured'] = (['hourly', 'daily'] as const).flatMap((runType) =>
  ['/etc', ODD].map((source) => ({ media: 'files', source, runType })),
);
const report = (...outcomes: Outcome[]): Report => ({ host: 'db1', outcomes, configured });

/** The file's text after these reports, one after the other, each by a run of its own. */
function textAfter(...reports: Report[]): string {
  return reports.reduce((text, each) => format(update(parse(text) ?? new Map(), each)), '');
}

/** The values of runs and restores. */
const valuesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_interval_seconds'));

it('the file says when, how long, how much and with what result, and explains each', () => {
  const labels = '{type="files",source="/etc",run_type="daily"}';
  const text = textAfter(report(outcome));
  expect(valuesOf(text)).toEqual([
    `twindb_backup_last_run_timestamp_seconds${labels} 1000`,
    `twindb_backup_last_run_succeeded${labels} 1`,
    `twindb_backup_last_success_timestamp_seconds${labels} 1000`,
    `twindb_backup_last_success_duration_seconds${labels} 1.5`,
    `twindb_backup_last_success_size_bytes${labels} 10`,
  ]);
  expect(text.match(/^# HELP /gm)).toHaveLength(6);
  expect(text.match(/^# TYPE \S+ gauge$/gm)).toHaveLength(6);
});

it('how often each source is to be backed up, also those that were never', () => {
  const interval = (text: string) =>
    text.split('\n').filter((line) => line.startsWith('twindb_backup_interval_seconds'));
  const planned = ['daily"} 86400', 'hourly"} 3600'].flatMap((end) =>
    [`/a \\"b\\"\\\\\\nc\rd`, '/etc'].map(
      (source) => `twindb_backup_interval_seconds{type="files",source="${source}",run_type="${end}`,
    ),
  );
  expect(interval(textAfter(report(outcome))).toSorted()).toEqual(planned.toSorted());
  const later = { ...report(outcome), configured: configured.slice(0, 1) };
  expect(interval(textAfter(report(outcome), later))).toHaveLength(1);
});

it('a failure keeps what is known of the last success', () => {
  const failed = { ...outcome, succeeded: false, finished: 2000, duration: 0.1, size: 0 };
  const values = valuesOf(textAfter(report(outcome), report(failed))).map((line) =>
    line.replace(/\{.*\}/, ''),
  );
  expect(values).toEqual([
    'twindb_backup_last_run_timestamp_seconds 2000',
    'twindb_backup_last_run_succeeded 0',
    'twindb_backup_last_success_timestamp_seconds 1000',
    'twindb_backup_last_success_duration_seconds 1.5',
    'twindb_backup_last_success_size_bytes 10',
  ]);
});

it('other run types, other directories and restores stay, whatever characters they have', () => {
  const others: Outcome[] = [
    { ...outcome, runType: 'hourly' },
    { ...outcome, source: ODD },
    { work: 'restore', media: 'mysql', succeeded: true, finished: 7, duration: 2 },
  ];
  const text = textAfter(report(...others), report(outcome));
  expect(valuesOf(text)).toHaveLength(3 * 5 + 4);
  expect(text).toContain('source="/a \\"b\\"\\\\\\nc\rd",run_type="daily"} 1000');
  expect(text).toContain('twindb_restore_last_success_duration_seconds{type="mysql"} 2');
});

it('a directory that is no longer backed up is forgotten by the next backup, so that nobody waits for its copy', () => {
  const gone = report({ ...outcome, source: '/gone' });
  const restored: Outcome = { work: 'restore', media: 'files', succeeded: true, finished: 7, duration: 2 };
  const afterRestore = textAfter(gone, { ...report(restored), configured: undefined });
  expect(afterRestore).toContain('/gone');
  const afterBackup = textAfter(gone, report(restored), report(outcome));
  expect(afterBackup).not.toContain('/gone');
  expect(afterBackup).toContain('twindb_restore_');
});

it('a file that is not ours is told from an empty one', () => {
  expect(parse('node_foo 1\n')).toBeUndefined();
  expect(parse('')).toEqual(new Map());
  expect(parse(`${FIRST_LINE}\n`)).toEqual(new Map());
});

it('a recovery says how long it took and how old its newest change was, and keeps that after a failure', () => {
  const recovery = {
    work: 'recovery',
    media: 'mysql',
    succeeded: true,
    finished: 1000,
    duration: 83.6,
    rpo: 120,
  } as const;
  const failed = { ...recovery, succeeded: false, finished: 2000, duration: 0, rpo: undefined };
  expect(valuesOf(textAfter(report(recovery), report(failed)))).toEqual([
    'twindb_recovery_last_run_timestamp_seconds{type="mysql"} 2000',
    'twindb_recovery_last_run_succeeded{type="mysql"} 0',
    'twindb_recovery_last_success_timestamp_seconds{type="mysql"} 1000',
    'twindb_recovery_last_success_duration_seconds{type="mysql"} 83.6',
    'twindb_recovery_last_success_rpo_seconds{type="mysql"} 120',
  ]);
});

it('a service that stores binary logs has values of its own, which runs leave as they are, and the other way round', () => {
  const last = { log: 7, position: 500, stored: 1999 };
  const stream = { isFollowing: false, lag: 1.5, logBytes: 100, objectBytes: 30, last, at: 2000 };
  const text = textAfter(
    report(outcome),
    { host: 'db1', outcomes: [], stream, configured: undefined },
    report(),
  );
  expect(valuesOf(text).filter((line) => line.startsWith('twindb_stream_'))).toEqual([
    'twindb_stream_updated_timestamp_seconds{type="binlog"} 2000',
    'twindb_stream_following{type="binlog"} 0',
    'twindb_stream_lag_seconds{type="binlog"} 1.5',
    'twindb_stream_log_bytes{type="binlog"} 100',
    'twindb_stream_object_bytes{type="binlog"} 30',
    'twindb_stream_last_stored_timestamp_seconds{type="binlog"} 1999',
    'twindb_stream_last_log{type="binlog"} 7',
    'twindb_stream_last_position{type="binlog"} 500',
  ]);
  expect(text).toContain('twindb_backup_last_run_succeeded{type="files",source="/etc",run_type="daily"} 1');
  expect(text).toContain('# TYPE twindb_stream_lag_seconds gauge');
});
