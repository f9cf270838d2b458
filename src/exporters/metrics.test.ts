import { expect, it } from 'vitest';
import { summarise } from './metrics.ts';
import type { BackupOutcome, Outcome } from './report.ts';
import { formatLines } from './statsd-lines.ts';

const directory: BackupOutcome = {
  work: 'backup',
  media: 'files',
  source: '/etc',
  runType: 'daily',
  succeeded: true,
  finished: 1000,
  duration: 1.5,
  size: 10,
};

const linesOf = (outcomes: readonly Outcome[], format: Parameters<typeof formatLines>[1]) =>
  formatLines(summarise({ host: 'db1', outcomes, configured: [] }), format).split('\n');

it('StatsD gets one timing for all directories, in seconds, and when they were done', () => {
  const outcomes = [directory, { ...directory, source: '/home', finished: 1005, duration: 2.25 }];
  expect(linesOf(outcomes, { timeType: 'ms', withTags: false })).toEqual([
    'twindb.files.backup_time:3.75|ms',
    'twindb.files.backup_failed:0|g',
    'twindb.files.backup_last_success:1005|g',
  ]);
});

it('one directory that fails is a failure, without a time that would look like a fast run', () => {
  const outcomes = [directory, { ...directory, source: '/home', succeeded: false }];
  expect(linesOf(outcomes, { timeType: 'ms', withTags: false })).toEqual(['twindb.files.backup_failed:1|g']);
});

it('Datadog gets gauges, tagged with the run type', () => {
  const outcomes: Outcome[] = [
    { ...directory, media: 'mysql', source: 'mysql' },
    { ...directory, media: 'binlog', source: 'binlog', succeeded: false },
    { work: 'restore', media: 'mysql', succeeded: true, finished: 7, duration: 2 },
    { work: 'restore', media: 'files', succeeded: true, finished: 8, duration: 3 },
  ];
  expect(linesOf(outcomes, { timeType: 'g', withTags: true })).toEqual([
    'twindb.mysql.backup_time:1.5|g|#run_type:daily',
    'twindb.mysql.backup_failed:0|g|#run_type:daily',
    'twindb.mysql.backup_last_success:1000|g|#run_type:daily',
    'twindb.binlog.backup_failed:1|g|#run_type:daily',
    'twindb.mysql.restore_time:2|g',
    'twindb.mysql.restore_failed:0|g',
    'twindb.mysql.restore_last_success:7|g',
    'twindb.files.restore_time:3|g',
    'twindb.files.restore_failed:0|g',
    'twindb.files.restore_last_success:8|g',
  ]);
});

it('a recovery has its RTO as time, and its RPO where that is known', () => {
  const recovery: Outcome = {
    work: 'recovery',
    media: 'mysql',
    succeeded: true,
    finished: 7,
    duration: 83.6,
    rpo: 120,
  };
  const lines = [
    'twindb.mysql.recovery_time:83.6|ms',
    'twindb.mysql.recovery_failed:0|g',
    'twindb.mysql.recovery_last_success:7|g',
  ];
  expect(linesOf([recovery], { timeType: 'ms', withTags: false })).toEqual([
    ...lines,
    'twindb.mysql.recovery_rpo:120|ms',
  ]);
  expect(linesOf([{ ...recovery, rpo: undefined }], { timeType: 'ms', withTags: false })).toEqual(lines);
});

it('a service that stores binary logs says how far it is', () => {
  const stream = { isFollowing: true, lag: 1.5, logBytes: 100, objectBytes: 30, last: undefined, at: 2000 };
  const lines = (last: { log: number; position: number; stored: number } | undefined) =>
    formatLines(
      summarise({ host: 'db1', outcomes: [], stream: { ...stream, last }, configured: undefined }),
      {
        timeType: 'g',
        withTags: false,
      },
    );
  const always = ['following:1|g', 'lag:1.5|g', 'log_bytes:100|g', 'object_bytes:30|g'];
  const stored = ['last_stored:1999|g', 'last_log:7|g', 'last_position:500|g'];
  const named = (names: readonly string[]) => names.map((name) => `twindb.binlog.stream_${name}`).join('\n');
  expect(lines(undefined)).toBe(named(always));
  expect(lines({ log: 7, position: 500, stored: 1999 })).toBe(named([...always, ...stored]));
});
