import { describe, expect, it } from 'vitest';
import type { ServerSetup, Upstream } from '../../copies/mysql-copy.ts';
import { describeFilters, requireOwnLogs } from './require-own-logs.ts';

const UPSTREAM: Upstream = {
  connection: '',
  host: 'db0',
  port: '3306',
  user: 'repl',
  binlog: 'mysql-bin.000007',
  position: '1121',
  gtid: '',
  toldBy: 'program',
};

const copyOf = (setup: Partial<ServerSetup>, galera = false) => ({
  key: 'db1/daily/mysql/x',
  galera,
  serverSetup: { settings: {}, unit: undefined, filters: {}, upstreams: [], ...setup },
});

describe('the logs of a server that gets changes from others', () => {
  it.each([
    copyOf({ settings: { log_slave_updates: 'OFF' } }),
    copyOf({ settings: { log_slave_updates: 'ON' }, upstreams: [UPSTREAM] }),
    copyOf({ settings: { log_slave_updates: 'ON' } }, true),
    { key: 'db1/daily/mysql/of-the-python-tool', galera: false, serverSetup: undefined },
  ])('are taken where they have all: %#', (copy) => {
    expect(() => requireOwnLogs(copy)).not.toThrow();
  });

  it('are refused of a replica that does not log them, with the place in those of its primary', () => {
    const copy = copyOf({ settings: { log_replica_updates: 'OFF' }, upstreams: [UPSTREAM] });
    expect(() => requireOwnLogs(copy)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(
          'does not log what it gets from others (log_replica_updates=OFF)',
        ) as string,
        remedy: expect.stringContaining('db0:3306 from mysql-bin.000007, position 1121') as string,
      }),
    );
  });

  it('are refused of a node of a cluster that does not log them', () => {
    const copy = copyOf({ settings: { log_slave_updates: 'OFF' } }, true);
    expect(() => requireOwnLogs(copy)).toThrow(/a node of a Galera cluster/);
  });
});

describe('the logs of a server that leaves schemas out of them', () => {
  it('are told to lack these, and what its replication leaves out is no matter', () => {
    const filters = { Binlog_Ignore_DB: 'scratch,tmp', Replicate_Do_DB: 'shop' };
    expect(describeFilters(copyOf({ filters }))).toBe(
      'The server left changes out of its binary logs (binlog_ignore_db=scratch,tmp): what it changed there after the copy does not come back',
    );
    expect(describeFilters(copyOf({ filters: { Replicate_Do_DB: 'shop' } }))).toBeUndefined();
    expect(describeFilters({ serverSetup: undefined })).toBeUndefined();
  });
});
