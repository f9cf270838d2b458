import { joinParts, listStreamedLogs, type StreamedLog } from '../../catalogue/streamed-logs.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { ownerMark, type StreamedPart, streamedFolder } from '../../copies/streamed-part.ts';
import { describeError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import type { ListedLog, RecoveryLog, UsableParts } from './recovery-plan.ts';

/** What is known of a host beside its parts. */
interface Known {
  /** Its logs that are stored as a whole. */
  readonly stored: readonly Pick<ListedLog, 'binlog' | 'timeCreated' | 'serverIdentity'>[];
  /** Its copies of the data: they say which servers it had. */
  readonly copies: readonly { readonly serverIdentity: string | undefined }[];
}

/** The logs of a host that are stored in parts only, as a source of a recovery. Where they cannot be listed that is said: there may be copies elsewhere. */
export async function findStreamed(host: string, known: Known, context: JobContext): Promise<RecoveryLog[]> {
  const { destination, log, signal } = context;
  try {
    const streamed = await listStreamedLogs(destination, host);
    return toRecoveryLogs(host, streamed, known).filter((found) => isTrusted(found, context));
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`There may be parts of later binary logs: ${describeError(error)}`);
    return [];
  }
}

/** Nothing signs parts, as no status lists them: by what copies without a signature are judged, but that they may be of this host and new. */
function isTrusted({ name, source }: RecoveryLog, { config, integrity, log }: JobContext): boolean {
  const isBare =
    config.gpg !== undefined &&
    source.kind === 'parts' &&
    source.log.parts.some(({ key }) => !key.endsWith('.gpg'));
  if (integrity.accept || !(integrity.require || isBare)) return true;
  const reason = integrity.require
    ? 'nothing signs parts, and [integrity] require is on'
    : 'not all of them are encrypted, although [gpg] is configured';
  log.warn(
    `The parts of ${quoteLocation(name)} are not used: ${reason}\nIf you trust them, give --accept-unauthenticated.`,
  );
  return false;
}

/** The same of what was listed: without those that are stored as a whole, of which a tail may be left that the server has lost. */
export function toRecoveryLogs(
  host: string,
  streamed: readonly StreamedLog[],
  { stored, copies }: Known,
): RecoveryLog[] {
  const identities = [...stored, ...copies].flatMap(({ serverIdentity }) => serverIdentity ?? []);
  const identityOf = (mark: string | undefined): string | undefined =>
    mark === undefined ? undefined : (identities.find((each) => ownerMark(each) === mark) ?? mark);
  return streamed.flatMap((log) => {
    const serverIdentity = identityOf(log.mark);
    const isWhole = stored.some(
      (whole) =>
        whole.binlog === log.binlog &&
        whole.timeCreated === log.timeCreated &&
        (whole.serverIdentity === undefined ||
          serverIdentity === undefined ||
          whole.serverIdentity === serverIdentity),
    );
    // Nothing but the word of whose it is.
    if (isWhole || log.parts.length + log.rest.length === 0) return [];
    return [
      {
        key: streamedFolder(host, log),
        name: log.binlog,
        binlog: log.binlog,
        timeCreated: log.timeCreated,
        listed: true,
        serverIdentity,
        // It was being written until its last part, and may be still.
        stored: Number.MAX_SAFE_INTEGER,
        contents: undefined,
        ...withParts(
          log,
          (next) => `the part of ${quoteLocation(log.binlog)} from position ${log.end} to ${next} is missing`,
        ),
      },
    ];
  });
}

/** The log without a part that is damaged, as if that were missing; another part may have the same bytes. */
export function withoutPart(log: RecoveryLog, source: StreamedLog, damaged: StreamedPart): RecoveryLog {
  const joined = joinParts([...source.parts, ...source.rest].filter(({ key }) => key !== damaged.key));
  const problem = `the part ${damaged.from}-${damaged.to} of ${quoteLocation(log.binlog)} is damaged`;
  const rest = { ...withParts({ ...source, ...joined }, () => problem) };
  return joined.end >= damaged.to
    ? { ...log, ...rest }
    : { ...log, ...rest, parts: { end: joined.end, problem } };
}

function withParts(
  log: StreamedLog,
  explain: (next: number) => string,
): { readonly size: number; readonly source: RecoveryLog['source']; readonly parts: UsableParts } {
  const { end, parts, rest } = log;
  const next = Math.min(...rest.filter(({ to }) => to > end).map(({ from }) => from));
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    source: { kind: 'parts', log },
    parts: { end, problem: next === Number.POSITIVE_INFINITY ? undefined : explain(next) },
  };
}
