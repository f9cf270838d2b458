import { quoteLocation } from '../../copies/quote-location.ts';
import { ProcessError, TwinDbError } from '../../errors.ts';
import type { ReplayTrace } from '../../mysql/replay/replay-trace.ts';
import type { LogFeed } from './feed-logs.ts';

/** What is known of the bytes that a replay has had so far. */
interface Knowledge {
  readonly trace: Pick<ReplayTrace, 'groupAt' | 'offset'>;
  readonly feed: Pick<LogFeed, 'locate'>;
}

/** `ERROR 1062 (23000) at line 345: Duplicate entry '1' for key 'PRIMARY'`, and without the number where the client itself gives up. */
const CLIENT_ERROR = /^ERROR (?:(\d+) \([0-9A-Z]+\) )?at line (\d+)(?: in file: '.*?')?: (.*)$/;

/** `ERROR: Could not read entry at offset 11955: Error in log format or read error.`, which is left out of a log that was not closed. */
const LOG_ERROR = /could not read entry at offset (\d+)|error in log_event::read_log_event/i;

/** The connection is lost: the server has ended, or was ended. */
const LOST = new Set(['2002', '2006', '2013', '2055', '1053', '1927']);

/** The private server has ended, or was ended. */
export class LostServerError extends TwinDbError {
  override readonly name = 'LostServerError';
}

/** The server cannot grow a file, or write to one. */
const FULL = new Set(['3', '1021', '1026', '1114', '1030', '3019']);

/** Says of a failure of the programs which transaction it is about. */
export function explainReplay(error: unknown, knowledge: Knowledge): unknown {
  if (!(error instanceof ProcessError)) return error;
  for (const line of error.stderr) {
    const [, errno, atLine, message] = CLIENT_ERROR.exec(line) ?? [];
    if (atLine !== undefined)
      return explainStatement({ errno, line: Number(atLine), message: message ?? '' }, error, knowledge);
  }
  const damage = error.stderr.flatMap((line) => LOG_ERROR.exec(line) ?? []);
  if (damage.length > 0)
    return explainLog(
      damage.find((each) => /^\d+$/.test(each)),
      error,
      knowledge,
    );
  return new TwinDbError('The binary logs could not be replayed', { cause: error });
}

/** What the client says of a statement that failed. */
interface FailedStatement {
  readonly errno: string | undefined;
  readonly line: number;
  readonly message: string;
}

function explainStatement(
  { errno, line, message }: FailedStatement,
  cause: unknown,
  { trace, feed }: Knowledge,
): TwinDbError {
  const group = trace.groupAt(line);
  const place = group && feed.locate(group.offset);
  const where =
    place === undefined
      ? `at line ${line} of its statements`
      : `in the transaction that begins at ${place.binlog}, position ${place.position}`;
  const gtid = group?.gtid === undefined ? '' : `, GTID ${group.gtid}`;
  const reason = `${errno === undefined ? '' : `error ${errno}: `}${message}`;
  const Failure = errno !== undefined && LOST.has(errno) ? LostServerError : TwinDbError;
  return new Failure(`The replay failed ${quoteLocation(where)}${gtid}: ${reason}`, {
    cause,
    isExplained: true,
    remedy: remedyFor(errno, place),
  });
}

function remedyFor(errno = '', place: ReturnType<LogFeed['locate']>): string {
  if (FULL.has(errno))
    return 'Make room there, or name a folder on another file system with --dst, and restore once more.';
  if (LOST.has(errno)) return 'Restore once more.';
  return place === undefined
    ? 'Restore to a target that lies before it.'
    : `The end of the transaction before can be reached: --to-position ${quoteLocation(`${place.binlog}:${place.position}`)}`;
}

function explainLog(offset: string | undefined, cause: unknown, { trace, feed }: Knowledge): TwinDbError {
  const place = feed.locate(Number(offset ?? trace.offset));
  if (place === undefined) return new TwinDbError('The binary logs could not be read', { cause });
  const where = offset === undefined ? 'behind' : 'at';
  return new TwinDbError(
    `The log ${quoteLocation(place.binlog)} is damaged or of an unknown form ${where} position ${place.position}`,
    { cause, remedy: 'Restore to a target that lies before that position.' },
  );
}
