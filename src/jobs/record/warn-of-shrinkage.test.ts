import { expect, it } from 'vitest';
import { simulateFullCopy, simulatePlace } from '../../../test/fixtures/simulated-places.ts';
import { type MysqlCopy, SERVER_SOURCE } from '../../copies/mysql-copy.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { warnOfShrinkage } from './warn-of-shrinkage.ts';

const { destination } = simulatePlace('remote', { steps: 0 }, 'destination');

const copyBy = (server: string, time: number, mib: number): MysqlCopy => ({
  ...simulateFullCopy(time),
  unpackedSize: mib * 1024 ** 2,
  machineId: 'a',
  server,
});

/** What is said of the copies of server s:3306, when these were added to its status. */
function warn(copies: readonly MysqlCopy[]): string[] {
  const said: string[] = [];
  const status = copies.reduce((before, copy) => MYSQL.enter(before, copy), MYSQL.formats.destination.empty);
  const us = { machineId: 'a', server: 's:3306' };
  const context = {
    config: { trustShrinking: false },
    destination,
    host: 'db1',
    now: () => new Date(10_000),
    warnLasting: (state: string) => said.push(state),
  };
  warnOfShrinkage(MYSQL, status, { source: SERVER_SOURCE, us }, context as never);
  return said;
}

it('is not warned of where a smaller server is backed up under the same host name', () => {
  const copies = [copyBy('s:3306', 1, 6), copyBy('t:3307', 2, 100), copyBy('s:3306', 3, 6)];
  expect(warn(copies)).toEqual([]);
});

it('is warned of where the server itself has shrunk', () => {
  expect(warn([copyBy('s:3306', 1, 100), copyBy('s:3306', 2, 6)])).toEqual([`shrunken ${SERVER_SOURCE}`]);
});
