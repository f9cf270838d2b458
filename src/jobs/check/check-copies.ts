import { openCatalogue } from '../../catalogue/catalogue.ts';
import type { FoundCopies } from '../../catalogue/list-copies.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { MEDIA, type Media } from '../../copies/key.ts';
import { SERVER_SOURCE } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { openKind } from '../../kinds/kinds.ts';
import { findRefusedOption } from '../../sources/tar-options.ts';
import type { JobContext } from '../job-context.ts';
import { findOwn } from '../record/find-own.ts';
import { findLostCopies } from '../record/lost-copies.ts';
import { openPlaces } from '../record/open-places.ts';
import { warnOfFuture } from '../record/warn-of-future.ts';
import { warnOfShrinkage } from '../record/warn-of-shrinkage.ts';
import { checkCoverage } from './check-coverage.ts';
import { checkGroup } from './check-group.ts';
import { checkParts } from './check-parts.ts';
import type { CheckedCopy, CheckedGroup, CheckOptions } from './checked-copy.ts';
import { type Group, groupCopies } from './group-copies.ts';
import { chooseSample } from './sample.ts';
import { warnOfLeftovers } from './warn-of-leftovers.ts';

/** Which copies to check. */
export interface Selection {
  readonly media: Media | undefined;
  /** Undefined: all hosts. */
  readonly host: string | undefined;
  /** Locations, keys or names; none: all copies. */
  readonly wanted: readonly string[];
}

/**
 * Compares the copies that are there with those that the statuses list, and tests those that no status lists; see
 * `checkGroup`. Calls `report` for each copy as soon as it is judged. Returns whether all could be looked at, and the next
 * backup can make copies of directories; what is in the way is reported in the log. Throws a TwinDbError when there is nothing at all of the host that was named.
 */
export async function checkCopies(
  selection: Selection,
  options: CheckOptions,
  report: (checked: CheckedCopy) => void,
  context: JobContext,
): Promise<boolean> {
  // A key file that cannot be used is no fault of any copy.
  context.integrity.keys();
  const { config } = context;
  const catalogue = openCatalogue(context);
  const found = await (selection.host === undefined ? catalogue.list() : catalogue.listHost(selection.host));
  if (found.failure !== undefined) context.log.error(describeError(found.failure));
  let complete = found.failure === undefined;
  const unseen = new Set(selection.wanted);
  const isWanted = (names: readonly string[]): boolean => {
    for (const name of names) unseen.delete(name);
    return selection.wanted.length === 0 || names.some((name) => selection.wanted.includes(name));
  };
  const isRead = choose(found, selection, options.read, context.now());
  const checkOne = async (group: Group): Promise<void> => {
    try {
      for await (const checked of checkGroup({ ...group, isWanted, isRead }, options, context))
        report(checked);
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.error(describeError(error));
      complete = false;
    }
  };
  const objects =
    found.failure === undefined
      ? new Set(found.copies.map(({ object }) => keepLocalKey(object.key)))
      : undefined;
  const isThere = (key: string) =>
    objects === undefined || objects.has(keepLocalKey(key)) || found.closed.mayHold(key);
  const { host: only } = selection;
  // This host may be new; of another one the name is misspelt.
  if (complete && only !== undefined && only !== context.host && !isKnown(found, only)) {
    throw new TwinDbError(`There is nothing of the host ${only} on ${context.destination.url}`, {
      remedy: 'twindb-backup ls shows the copies of all hosts; their keys begin with the name of the host.',
    });
  }
  if (found.failure === undefined && selection.wanted.length === 0) requireSomething(found, only, context);
  const hosts = hostsOf(found, selection, context);
  for await (const group of groupCopies(found, { hosts, media: selection.media, isThere }, context))
    await checkOne(group);
  complete = (await checkAllParts(hosts, selection, options, context)) && complete;
  if (selection.wanted.length === 0 && (only ?? context.host) === context.host) {
    await sayLastingStates(context);
    await checkCoverage(context);
    complete = (await isAllThere(context)) && complete;
  }
  if (selection.wanted.length === 0 && complete) await warnOfLeftovers(only ? [only] : found.hosts, context);
  // What could not be looked at has been reported, and may hold them.
  for (const wanted of complete ? unseen : []) {
    const whose = only === undefined ? '' : ` of the host ${only}`;
    context.log.error(
      `There is no copy ${quoteLocation(wanted)}${whose} on ${context.destination.url}\ntwindb-backup ls shows the copies there are.`,
    );
  }
  const refused = config.source.backupDirs.length > 0 && findRefusedOption(config.source.tarOptions);
  if (refused) {
    context.log.error(`No directory of this host can be backed up: ${describeError(refused)}`);
    complete = false;
  }
  return complete && unseen.size === 0;
}

/** Logs that are stored in parts are no copies: they are looked at where none is named, and read where all are. */
async function checkAllParts(
  hosts: readonly string[],
  { media = 'binlog', wanted }: Selection,
  { read }: CheckOptions,
  context: JobContext,
): Promise<boolean> {
  let isFine = true;
  for (const host of media === 'binlog' && wanted.length === 0 ? hosts : []) {
    try {
      isFine = (await checkParts(host, read === 'all', context)) && isFine;
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.error(describeError(error));
      isFine = false;
    }
  }
  return isFine;
}

/** What a backup says of its destination once a week. Statuses that cannot be read have been reported. */
async function sayLastingStates(context: JobContext): Promise<void> {
  const places = await openPlaces(context);
  const us = { machineId: context.machineId() };
  const said = new Set<string>();
  const once: JobContext = {
    ...context,
    warnLasting(state, message) {
      if (!said.has(state)) context.warnLasting(state, message);
      said.add(state);
    },
  };
  try {
    for (const media of MEDIA) {
      const { status } = await places[media].destination.status.read();
      const kind = await openKind(media);
      warnOfFuture(kind, status, once);
      findOwn(kind, status, us, once);
      for (const source of sourcesOf(media, context)) warnOfShrinkage(kind, status, { source, us }, once);
    }
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.debug(`Not all that lasts can be told: ${describeError(error)}`);
  }
}

/** Reports copies that this machine knows to have stored and that are not there. Returns false when no backup is made for that. */
async function isAllThere(context: JobContext): Promise<boolean> {
  const lost = await findLostCopies(await openPlaces(context), context);
  if (lost === undefined) return true;
  const { mustExist } = context.config;
  context.log[mustExist ? 'error' : 'warn'](`${lost.message}\n${lost.remedy}`);
  return !mustExist;
}

/** What the configuration backs up of a kind. */
function sourcesOf(media: Media, { config }: Pick<JobContext, 'config'>): readonly string[] {
  const { backupDirs, backupMysql } = config.source;
  if (media === 'files') return backupDirs;
  return media === 'mysql' && backupMysql ? [SERVER_SOURCE] : [];
}

/**
 * Throws a TwinDbError when nothing was ever stored of this host, although it backs something up, or of any host: the
 * destination is another one than that of the backups, or was emptied.
 */
function requireSomething(
  { storedHosts, closed }: FoundCopies,
  only: string | undefined,
  { config, host, destination }: JobContext,
): void {
  // Why its status cannot be read is about to be said.
  if (closed.mayHold(only ?? host)) return;
  const { backupDirs, backupMysql } = config.source;
  const isSource = backupDirs.length > 0 || backupMysql;
  if (storedHosts.has(only ?? host) || (storedHosts.size > 0 && (!isSource || (only ?? host) !== host)))
    return;
  throw new TwinDbError(`There is no copy and no status of the host ${only ?? host} on ${destination.url}`, {
    remedy:
      'Check [destination], and that no backup has been deleted there; a new host needs its first backup: twindb-backup backup daily',
  });
}

/** Whether a host has anything there, or may have: its folder cannot be looked into. */
function isKnown({ hosts, closed }: FoundCopies, host: string): boolean {
  return hosts.has(host) || closed.mayHold(host);
}

/** Which copies are read. A sample is one of all that are selected, also of those that no status lists: they are read in any case. */
function choose(
  { copies }: FoundCopies,
  { host, media, wanted }: Selection,
  read: CheckOptions['read'],
  now: Date,
): CheckedGroup['isRead'] {
  if (typeof read === 'string') return () => read === 'all';
  const selected = copies.filter(
    ({ parsed, location, object }) =>
      (host === undefined || parsed.host === host) &&
      (media === undefined || parsed.media === media) &&
      (wanted.length === 0 || [location, object.key, parsed.name].some((name) => wanted.includes(name))),
  );
  const chosen = chooseSample(
    selected.map(({ location }) => location),
    read,
    now,
  );
  return ({ location }) => chosen.has(location);
}

function hostsOf({ hosts }: FoundCopies, { host }: Selection, context: JobContext): string[] {
  return host === undefined ? [...new Set([...hosts, context.host])].toSorted() : [host];
}
