import { describe, expect, it } from 'vitest';
import { simulateCopy, simulatePlace } from '../../test/fixtures/simulated-places.ts';
import { keepLocalKey } from '../copies/keep-local-key.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import type { RunType } from '../copies/run-type.ts';
import { recordCopy } from '../jobs/record/record-copy.ts';
import { createLog } from '../log.ts';
import { withEntry } from '../status/layout.ts';
import { MYSQL, MYSQL_STATUS } from './mysql.ts';

const ONE = { hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1 };
const log = createLog('error', () => undefined);

const copyOf = (runType: RunType, time: number, parent?: MysqlCopy) =>
  simulateCopy({
    runType,
    name: `mysql-${time}.xbstream.gz.gpg`,
    parent: parent?.key,
    lsn: time,
    backupStarted: time,
    serverIdentity: 'a',
  });

const first = copyOf('daily', 1);
const continuing = copyOf('hourly', 2, first);
const later = [copyOf('daily', 3), copyOf('hourly', 4, copyOf('daily', 3))];

const statusOf = (copies: readonly MysqlCopy[]) =>
  copies.reduce(
    (status, copy) => withEntry(status, copy.runType, copy.key, MYSQL.attributes(copy)),
    MYSQL_STATUS.empty,
  );

const toLocal = (copy: MysqlCopy): MysqlCopy => ({
  ...copy,
  key: keepLocalKey(copy.key),
  name: keepLocalKey(copy.name),
  parent: copy.parent && keepLocalKey(copy.parent),
});

/** Records another copy at the destination; returns whether it kept the first full one. */
async function keepsFirst(here: {
  readonly listed: readonly MysqlCopy[];
  readonly present: readonly MysqlCopy[];
}): Promise<boolean> {
  const lifetime = { steps: Number.POSITIVE_INFINITY };
  const remote = simulatePlace('remote', lifetime, 'destination');
  const local = simulatePlace('local', lifetime, 'local');
  remote.stored = { status: statusOf([first, continuing, ...later]), deletions: [] };
  local.stored = { status: statusOf(here.listed.map(toLocal)), deletions: [] };
  for (const { key } of here.present) local.store(keepLocalKey(key));
  const place = { ...remote, counts: ONE, other: local };
  await recordCopy(place, MYSQL, copyOf('daily', 5), { log });
  return MYSQL.copies(remote.stored.status).some(({ key }) => key === first.key);
}

describe('the retention of the destination', () => {
  it.each([
    ['keeps a full copy that only a local copy continues', [continuing], [continuing], true],
    ['does not, when the full copy lies there as well', [first, continuing], [first, continuing], false],
    [
      'does, when it is listed there and gone, as with the Python tool',
      [first, continuing],
      [continuing],
      true,
    ],
    ['does not, when the local copy itself is gone', [continuing], [], false],
  ])('%s', async (_, listed, present, kept) => {
    expect(await keepsFirst({ listed, present })).toBe(kept);
  });
});
