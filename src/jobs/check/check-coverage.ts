import { describeError } from '../../errors.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { formatSecond } from '../../mysql/binlog/format-moment.ts';
import { tellApart } from '../../retention/own-copies.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { planCoverage } from '../recover/plan-coverage.ts';
import { findStreamed } from '../recover/streamed-logs.ts';

/**
 * Warns when the binary logs of this host do not lead on from its newest copy of MySQL, by what the statuses on the destination list: nothing since then can be
 * restored. Where no logs are copied that is nothing new.
 */
export async function checkCoverage(context: JobContext): Promise<void> {
  try {
    const message = await findBreak(context);
    if (message !== undefined) context.warnLasting('coverage', message);
  } catch (error) {
    context.signal.throwIfAborted();
    // Reported where the copies are checked.
    context.log.debug(
      `Whether the binary logs continue the newest copy cannot be told: ${describeError(error)}`,
    );
  }
}

async function findBreak(context: JobContext): Promise<string | undefined> {
  const { mysql, binlog } = await openPlaces(context);
  const us = { machineId: context.machineId() };
  const [data, logs] = [
    (await mysql.destination.status.read()).status,
    (await binlog.destination.status.read()).status,
  ];
  const copies = tellApart(MYSQL.copies(data), us).ours.filter(({ position }) => position !== undefined);
  const listed = tellApart(BINLOG.copies(logs), us).ours.map((copy) => ({
    ...copy,
    listed: true,
    // When it was made matters only where nothing else tells.
    stored: Number.MAX_SAFE_INTEGER,
  }));
  if (copies.length === 0 || listed.length === 0) return undefined;
  const streamed = await findStreamed(context.host, { stored: listed, copies }, context);
  const last = planCoverage(copies, [...listed, ...streamed]).windows.at(-1);
  if (last === undefined || !last.endsInGap) return undefined;
  return (
    `The binary logs do not lead on from the newest copy of MySQL: ${last.reason}. What changed after ${formatSecond(last.to)} cannot be restored until ` +
    'a new full or incremental copy is made. twindb-backup ls --coverage shows what can be'
  );
}
