import { expect, it } from 'vitest';
import { simulateFullCopy } from '../../test/fixtures/simulated-places.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import type { Role } from '../kinds/found-copy.ts';
import { MYSQL } from '../kinds/mysql.ts';
import type { Catalogue } from './catalogue.ts';
import { listNewestFirst } from './newest-copies.ts';

const copyBy = (machineId: string, serial: number, time: number): MysqlCopy => ({
  ...simulateFullCopy(time),
  machineId,
  serial,
});

/** The times of the newest copies for machine `new` of host db1, with these in its statuses. */
async function find(listed: Readonly<Record<Role, readonly MysqlCopy[]>>): Promise<number[]> {
  const catalogue = {
    context: { host: 'db1', local: {}, machineId: () => 'new' },
    status: async (place: Role) => ({ failure: undefined, copies: listed[place] }),
  } as unknown as Catalogue;
  const found = await listNewestFirst('db1', MYSQL, catalogue, new Date(1_000_000));
  return found.map(({ backupStarted }) => backupStarted);
}

it('counts the past of this machine, though its status in keep_local_path has just begun to count', async () => {
  const [destination, local] = [[copyBy('old', 50, 1), copyBy('new', 51, 2)], [copyBy('new', 1, 2)]];
  expect(await find({ destination, local })).toEqual([2, 2, 1]);
});

it('leaves out another machine, though the status in keep_local_path counts further', async () => {
  const [destination, local] = [[copyBy('new', 1, 1), copyBy('old', 2, 2)], [copyBy('new', 90, 1)]];
  expect(await find({ destination, local })).toEqual([1, 1]);
});
