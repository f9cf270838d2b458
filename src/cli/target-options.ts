import { type Command, InvalidArgumentError, Option } from 'commander';
import { isBinlogName } from '../copies/binlog-copy.ts';
import type { PositionTarget, RecoveryTarget, TimeTarget } from '../mysql/binlog/recovery-target.ts';
import { readMoment } from './parse-moment.ts';

/** Adds the options that say up to where binary logs are replayed; one of them at most is taken. */
export function addTargetOptions(command: Command): Command {
  const options = [
    new Option(
      '--to-time <time>',
      'replay the binary logs up to this moment: 2026-01-31T14:30:05Z, "2026-01-31 14:30:05+01:00"',
    ).argParser(parseTargetTime),
    new Option('--to-gtid <gtid>', 'replay the binary logs up to this transaction, and include it').argParser(
      parseTargetGtid,
    ),
    new Option(
      '--to-position <log:pos>',
      'replay the binary logs up to this position: mysql-bin.000042:1234',
    ).argParser(parseTargetPosition),
    new Option('--to-latest', 'replay all binary logs that there are'),
  ];
  for (const option of options) {
    const others = options.filter((other) => other !== option);
    command.addOption(option.conflicts(others.map((other) => other.attributeName())));
  }
  return command;
}

/**
 * Reads the moment of `--to-time`. A time without a zone is this host's, and the answer says so. Throws commander's error, which it turns into a
 * message about the option.
 */
export function parseTargetTime(text: string): TimeTarget {
  const { moment, fraction, hasZone } = readMoment(text);
  const below = Number(fraction.padEnd(6, '0').slice(3, 6));
  return {
    kind: 'time',
    at: moment.getTime() * 1000 + below,
    assumedZone: hasZone ? undefined : new Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

const MARIADB_GTID = /^\d+-\d+-\d+$/;
const MYSQL_GTID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::[a-z_][a-z0-9_]{0,31})?:[1-9]\d*$/;

/** Reads the GTID of one transaction for `--to-gtid`. Throws commander's error. */
export function parseTargetGtid(text: string): RecoveryTarget {
  const gtid = text.trim().toLowerCase();
  if (MARIADB_GTID.test(gtid) || MYSQL_GTID.test(gtid)) return { kind: 'gtid', gtid };
  throw new InvalidArgumentError(
    'It must be the GTID of one transaction: 0-1-4711 of MariaDB, 3e11fa47-71ca-11e1-9e33-c80aa9429562:4711 of MySQL.',
  );
}

/** Reads LOG:POS for `--to-position`. Throws commander's error. */
export function parseTargetPosition(text: string): PositionTarget {
  const [, binlog = '', digits = ''] = /^(.+):(\d{1,15})$/.exec(text) ?? [];
  if (isBinlogName(binlog)) return { kind: 'position', binlog, position: Number(digits) };
  throw new InvalidArgumentError(
    'It must be a binary log and a position in it, such as mysql-bin.000042:1234.',
  );
}
