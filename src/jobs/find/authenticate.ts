import { splitStoredName } from '../../copies/binlog-copy.ts';
import { ENCRYPTED } from '../../copies/keep-local-key.ts';
import { parseCopyName } from '../../copies/names.ts';
import { UnauthenticatedError } from '../../errors.ts';
import { checkMac, keyIdOf } from '../../integrity/entry-mac.ts';
import { type CopyFacts, judge, type Verdict } from '../../integrity/judge.ts';
import type { Attributes } from '../../status/entries.ts';
import type { StatusFormat } from '../../status/status-format.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { Candidate } from './find-copy.ts';

/** What judging needs to know of this machine. */
export type JudgeContext = Pick<JobContext, 'config' | 'host' | 'integrity' | 'local'>;

/** Whether an object may be used, by what the status beside it says; `attributes` undefined: it does not list the object. */
export function judgeCopy<S>(
  { destination, object, parsed }: Candidate,
  format: StatusFormat<S>,
  attributes: Attributes | undefined,
  { config, host, integrity, local }: JudgeContext,
): Verdict {
  const { keyFile, require, accept } = integrity;
  const keyring = integrity.keys();
  const key = format.keyOf(object.key);
  const mac: CopyFacts['mac'] =
    attributes === undefined
      ? 'unlisted'
      : checkMac({ kind: format.kind, key, attributes, names: format.signed }, keyring);
  const copy = {
    host: parsed.host,
    made: madeAt(parsed.name, attributes && format.timeOf(attributes), toSeconds(object.modified)),
    mac,
    keyId: keyIdOf(attributes?.['mac'] ?? ''),
    isBare: config.gpg !== undefined && destination !== local && !object.key.endsWith(ENCRYPTED),
  };
  return judge(copy, { keyring, keyFile, host, require, accept });
}

/** The later of what name and entry tell, as either may have been given an older time; else when the object was written. */
function madeAt(name: string, byEntry: number | undefined, modified: number): number {
  const started = parseCopyName(name)?.started;
  const byName = started === undefined ? splitStoredName(name).time : toSeconds(started);
  const told = [byEntry, byName].filter((time) => time !== undefined);
  return told.length === 0 ? modified : Math.max(...told);
}

/** Says of a copy that is about to be used why it is not proven, if it is not: each reason once. */
export function warnIfUnproven(
  verdict: Verdict,
  location: string,
  { integrity, log }: Pick<JobContext, 'integrity' | 'log'>,
): void {
  if (verdict.kind !== 'unproven') return;
  const level = integrity.isNews(verdict.reason) ? 'warn' : 'debug';
  log[level](
    `${location} ${verdict.reason}: whoever can write to the destination may have made or changed it`,
  );
}

/** The error for a copy that must not be used; `what` is its location, or another subject of the sentence. */
export function refusal(
  { reason, remedy }: Extract<Verdict, { kind: 'refused' }>,
  what: string,
): UnauthenticatedError {
  return new UnauthenticatedError(`${what} ${reason}`, { remedy });
}
