import type { Config } from '../config/config.ts';
import { binlogKeyOfObject, splitStoredName } from '../copies/binlog-copy.ts';
import { ENCRYPTED } from '../copies/keep-local-key.ts';
import { nameOfKey, type ParsedKey } from '../copies/key.ts';
import { parseCopyName } from '../copies/names.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import type { ObjectInfo } from '../destinations/destination.ts';
import { UnauthenticatedError } from '../errors.ts';
import { keyIdOf } from '../integrity/entry-mac.ts';
import type { Integrity } from '../integrity/integrity.ts';
import { type CopyFacts, judge, type Verdict } from '../integrity/judge.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import type { Log } from '../log.ts';
import type { Attributes } from '../status/entries.ts';
import { checkEntry } from '../status/sign-entry.ts';
import type { StatusFormat } from '../status/status-format.ts';
import { toSeconds } from '../units.ts';

/** What judging needs to know of this machine. */
export interface JudgeContext {
  readonly config: Pick<Config, 'gpg'>;
  /** This host's name as it stands in keys. */
  readonly host: string;
  readonly integrity: Integrity;
}

/** What the status beside an object says of it: its attributes, that it does not list it, or why it cannot be read. */
export type EntryOfObject =
  | { readonly attributes: Attributes | undefined }
  | { readonly attributes: undefined; readonly unreadable: string };

/** Whether an object may be used. Throws a ConfigError when the keys of this machine cannot be read. */
export function judgeCopy(
  { place, object, parsed }: Pick<FoundCopy, 'place' | 'object' | 'parsed'>,
  format: StatusFormat,
  entry: EntryOfObject,
  { config, host, integrity }: JudgeContext,
): Verdict {
  const { keyFile, require, accept } = integrity;
  const { attributes } = entry;
  const keyring = integrity.keys();
  const copy: CopyFacts = {
    host: parsed.host,
    made: madeAt(object, parsed, attributes && format.timeOf(attributes)),
    mac: attributes
      ? checkEntry(format, format.keyOf(object.key), attributes, keyring)
      : 'unreadable' in entry
        ? 'unreadable'
        : 'unlisted',
    problem: 'unreadable' in entry ? entry.unreadable : '',
    keyId: keyIdOf(attributes?.['mac']),
    hasChecksum: typeof attributes?.['sha256'] === 'string',
    isBare: config.gpg !== undefined && place === 'destination' && !object.key.endsWith(ENCRYPTED),
  };
  return judge(copy, { keyring, keyFile, host, require, accept });
}

/**
 * When a copy was made: the latest time that anything tells, as all of them can be set by others to an older one. The name of a copy
 * of a directory or of MySQL has its time; that of a binary log seldom, so there the time of the object counts as well.
 */
function madeAt({ key, modified }: ObjectInfo, parsed: ParsedKey, byEntry: number | undefined): number {
  const started = parseCopyName(parsed.name)?.started;
  const byName =
    started === undefined
      ? [toSeconds(modified), splitStoredName(nameOfKey(binlogKeyOfObject(key))).time]
      : [toSeconds(started)];
  return Math.max(...[byEntry, ...byName].filter((time) => time !== undefined));
}

/** Says of a copy that is about to be used why it is not proven, if it is not: each reason once. */
export function warnIfUnproven(
  verdict: Verdict,
  location: string,
  { integrity, log }: { readonly integrity: Integrity; readonly log: Log },
): void {
  if (verdict.kind !== 'unproven') return;
  const level = integrity.isNews(verdict.reason) ? 'warn' : 'debug';
  log[level](
    `${quoteLocation(location)} ${verdict.reason}: whoever can write to the destination may have made or changed it`,
  );
}

/** The error for a copy that must not be used; `what` is its location, or another subject of the sentence. */
export function refusal(
  { reason, remedy }: Extract<Verdict, { kind: 'refused' }>,
  what: string,
): UnauthenticatedError {
  return new UnauthenticatedError(`${what} ${reason}`, { remedy });
}
