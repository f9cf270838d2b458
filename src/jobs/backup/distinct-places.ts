import { randomUUID } from 'node:crypto';
import { ObjectTooLargeError } from '../../destinations/collect.ts';
import type { Destination } from '../../destinations/destination.ts';
import { readSmallObject, writeSmallObject } from '../../destinations/small-object.ts';
import { ConfigError, describeError, ObjectNotFoundError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';

/** Beside the statuses, where neither tool looks for copies. */
const MARK = 'keep-local-mark';

/**
 * Throws a ConfigError when keep_local_path and the destination are one folder, by a link, a mount or SSH to this machine: the
 * retention of either would remove the copies of both. Shown by a random mark that is written through one and read
 * through the other.
 */
export async function requireDistinctPlaces(
  context: JobContext,
  work: 'backed up' | 'deleted' = 'backed up',
): Promise<void> {
  const { config, host, local, log, destination, signal } = context;
  if (local === undefined) return;
  const key = `${host}/${MARK}`;
  const mark = randomUUID();
  try {
    await writeSmallObject(local, key, mark, signal);
  } catch (error) {
    signal.throwIfAborted();
    // What expired earlier may have to go first; copies that find no room there fail.
    log.debug(`Cannot tell whether keep_local_path is the destination: ${describeError(error)}`);
    return;
  }
  let seen: string | undefined;
  try {
    seen = await readMark(destination, key);
  } finally {
    await removeMark(local, key, log);
  }
  if (seen !== mark) return;
  throw new ConfigError(
    `Nothing was ${work}: [destination] keep_local_path ${config.keepLocalPath} is the destination ${destination.url} itself`,
    {
      remedy:
        'What is written to one is in the other, and the retention of one would remove the copies of both. Name another folder, or none.',
    },
  );
}

/** More than a mark has, in bytes. */
const MAX_MARK = 1024;

async function readMark(destination: Destination, key: string): Promise<string | undefined> {
  try {
    return await readSmallObject(destination, key, MAX_MARK);
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof ObjectTooLargeError) return undefined;
    throw error;
  }
}

async function removeMark(local: Destination, key: string, log: JobContext['log']): Promise<void> {
  try {
    await local.delete(key);
  } catch (error) {
    // The next run writes it again, and removes it.
    log.debug(`Cannot remove ${local.locate(key)}: ${describeError(error)}`);
  }
}
