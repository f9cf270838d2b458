import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { SERVER_SOURCE } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { Destination } from '../../destinations/destination.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { FILES } from '../../kinds/files.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { newPartialName } from '../../lock/owner.ts';
import { formatBytes } from '../../units.ts';
import { openPlaces } from '../record/open-places.ts';
import type { CopyPlaces } from '../record/record-copy.ts';
import type { DoctorContext, Report } from './finding.ts';

/** How the names of the objects begin that are written to try a place. */
const PROBE = 'doctor.';

const PROBE_BYTES = 64 << 10;

/** The rest of the name where the probe cannot be deleted: the same one each time, so that it stays one. */
const KEPT_PROBE = 'probe';

/** After this time a probe is none that is being used. Milliseconds. */
const PROBE_LIFE_MS = 3_600_000;

/** A clock that is further off than this makes copies look older or newer than they are. Milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Writes, reads, replaces and deletes a small object at the destination; that stays where nothing is to be deleted. */
export async function examineDestination(context: DoctorContext, report: Report): Promise<void> {
  await examinePlace(context.destination, 'destination', context, report);
}

/** The same in keep_local_path, where it is configured. */
export async function examineLocal(context: DoctorContext, report: Report): Promise<void> {
  if (context.local !== undefined) await examinePlace(context.local, 'local', context, report);
}

async function examinePlace(
  place: Destination,
  role: keyof CopyPlaces,
  context: DoctorContext,
  report: Report,
): Promise<void> {
  const { host, signal, config } = context;
  const mayStay = role === 'destination' && config.appendOnly;
  if (!mayStay) await removeOldProbes(place, `${host}/${PROBE}`);
  const key = `${host}/${PROBE}${mayStay ? KEPT_PROBE : newPartialName()}`;
  let isThere = false;
  let stays: string | undefined;
  try {
    const before = Date.now();
    await store(place, key, randomBytes(PROBE_BYTES), signal);
    isThere = true;
    const between = (before + Date.now()) / 2;
    // What every run does with a status.
    const replaced = randomBytes(PROBE_BYTES);
    await store(place, key, replaced, signal);
    if (!(await buffer(place.read(key))).equals(replaced)) {
      throw new TwinDbError(`${place.url} does not give back what was written to it`, {
        remedy: 'Look for a cache, or another program that changes files there.',
      });
    }
    const found = await place.stat(key);
    if (found?.size !== PROBE_BYTES)
      throw new TwinDbError(`${place.url} does not show what was written to it`);
    reportClock(found.modified.getTime() - between, place, report);
  } finally {
    // A writing that was ended may have come to its end all the same.
    if (isThere || signal.aborted) stays = await remove(place, key, mayStay);
  }
  if (stays === undefined && (await place.stat(key)) !== undefined) {
    throw new TwinDbError(`${place.locate(key)} was deleted, and is still there`, {
      remedy: 'Remove it by hand. Retention cannot remove copies there either.',
    });
  }
  const deleted = stays === undefined ? ', read back and deleted' : ' and read back';
  report.ok(`${quoteLocation(place.url)}: wrote, replaced${deleted} ${formatBytes(PROBE_BYTES)}`);
  if (stays !== undefined) report.note(stays);
  await reportRoom(place, role, context, report);
}

/** Deletes a probe. Where it may stay and nothing can be deleted, returns what there is to say of that. */
async function remove(place: Destination, key: string, mayStay: boolean): Promise<string | undefined> {
  try {
    await place.delete(key);
    return undefined;
  } catch (error) {
    if (!mayStay) throw error;
    return `${quoteLocation(place.locate(key))} stays, as nothing can be deleted there and [retention] remote is off; the next doctor replaces it`;
  }
}

/** Those of a doctor that was killed. */
async function removeOldProbes(place: Destination, prefix: string): Promise<void> {
  const limit = Date.now() - PROBE_LIFE_MS;
  for await (const { key, modified } of place.list(prefix)) {
    if (modified.getTime() < limit) await place.delete(key);
  }
}

async function store(place: Destination, key: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from([bytes]), place.write(key), { signal });
}

function reportClock(differenceMs: number, place: Destination, report: Report): void {
  if (Math.abs(differenceMs) <= CLOCK_TOLERANCE_MS) return;
  const direction = differenceMs > 0 ? 'ahead of' : 'behind';
  report.warn(
    `The clock of ${place.url} is ${Math.round(Math.abs(differenceMs) / 1000)} seconds ${direction} this one\n` +
      'Set the one that is wrong: S3 refuses requests that are 15 minutes off, and ages of copies are told by clocks.',
  );
}

/** Compares the room with what the newest copies took, where the place tells and there are some. */
async function reportRoom(
  place: Destination,
  role: keyof CopyPlaces,
  context: DoctorContext,
  report: Report,
): Promise<void> {
  const free = await place.room?.();
  if (free === undefined) return;
  const needed = await sizeOfNewest(role, context);
  const left = `${formatBytes(free)} are free on ${place.url}`;
  if (needed === undefined) report.note(`${left}; there is no copy yet to compare that with`);
  else if (free < needed) {
    report.warn(
      `${left}, and the newest copies took ${formatBytes(needed)}\n` +
        'Make room, or keep fewer copies ([retention]): a run makes new copies before it removes old ones.',
    );
  } else report.ok(`${left}, the newest copies took ${formatBytes(needed)}`);
}

/** Bytes of the newest copy of each directory and of the server together; undefined when there is none. */
async function sizeOfNewest(role: keyof CopyPlaces, context: DoctorContext): Promise<number | undefined> {
  try {
    const { files, mysql } = await openPlaces(context);
    const [listed, server] = await Promise.all([files[role]?.status.read(), mysql[role]?.status.read()]);
    const newest = new Map<string, { readonly at: number; readonly size: number }>();
    const copies = [
      ...(listed ? FILES.copies(listed.status).map((copy) => ({ ...copy, source: copy.sourcePath })) : []),
      ...(server ? MYSQL.copies(server.status).map((copy) => ({ ...copy, source: SERVER_SOURCE })) : []),
    ];
    for (const { source, backupStarted: at, size = 0 } of copies) {
      if ((newest.get(source)?.at ?? 0) < at) newest.set(source, { at, size });
    }
    const sizes = [...newest.values()].map(({ size }) => size);
    return sizes.length === 0 ? undefined : sizes.reduce((a, b) => a + b);
  } catch (error) {
    context.signal.throwIfAborted();
    // The examination of the last copies says it.
    context.log.debug(describeError(error));
    return undefined;
  }
}
