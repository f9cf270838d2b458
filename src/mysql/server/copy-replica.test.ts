import { describe, expect, it } from 'vitest';
import { upstream } from '../../../test/fixtures/upstream.ts';
import type { Upstream } from '../../copies/mysql-copy.ts';
import { flavourOf } from '../flavours.ts';
import { planReplica } from './copy-replica.ts';

const unknown = { ...upstream, host: '' };
const SLAVE_INFO = ['--slave-info'];
const SAFE = ['--slave-info', '--safe-slave-backup'];

/** What the plan is on a server that answers so. */
async function plan(
  {
    vendor = 'oracle',
    variables = {},
    autoPosition = '0',
    grants = '',
    upstreams = [upstream],
  }: {
    readonly vendor?: 'oracle' | 'mariadb';
    readonly variables?: Readonly<Record<string, string>>;
    readonly autoPosition?: string;
    readonly grants?: string;
    readonly upstreams?: readonly Upstream[];
  },
  safe = false,
) {
  const server = {
    flavour: flavourOf(vendor, vendor === 'oracle' ? '8.4.3' : '10.11.18'),
    variable: (name: string) => Promise.resolve(variables[name]),
    query: <Row>(sql: string) =>
      Promise.resolve([
        sql === 'SHOW GRANTS' ? { Grants: `GRANT ${grants} ON *.* TO a@b` } : { Auto_Position: autoPosition },
      ] as Row[]),
  };
  const { options, stopsApplying, doubts } = await planReplica(server, upstreams, safe);
  expect(stopsApplying).toBe(options.includes('--safe-slave-backup'));
  return [options, doubts.map(({ state }) => state)];
}

describe('how a replica is copied', () => {
  it('is like any server where it has no primary, or none that has an address', async () => {
    expect(await plan({ upstreams: [] }, true)).toEqual([[], []]);
    expect(await plan({ upstreams: [unknown] }, true)).toEqual([[], []]);
    expect(await plan({ vendor: 'mariadb', upstreams: [unknown] })).toEqual([[], ['mysql-primary-position']]);
    expect(await plan({ upstreams: [unknown, upstream] })).toEqual([SLAVE_INFO, []]);
  });

  it('is without a position where the backup program would refuse to name one', async () => {
    const parallel = { replica_parallel_workers: '4' };
    expect(await plan({ variables: parallel })).toEqual([[], ['mysql-primary-position']]);
    expect(await plan({ variables: parallel, autoPosition: '1' })).toEqual([SLAVE_INFO, []]);
    expect(await plan({ variables: { slave_parallel_workers: '0' } })).toEqual([SLAVE_INFO, []]);
    const mariadb = { slave_parallel_workers: '4', gtid_slave_pos: '0-1-6' };
    expect(await plan({ vendor: 'mariadb', variables: mariadb })).toEqual([SLAVE_INFO, []]);
    const grants = 'RELOAD, REPLICATION_SLAVE_ADMIN';
    expect(await plan({ variables: parallel, grants }, true)).toEqual([SAFE, []]);
  });

  it('stops replication on request only, and where the account may', async () => {
    const grants = 'RELOAD, REPLICATION SLAVE ADMIN';
    expect(await plan({ vendor: 'mariadb', grants })).toEqual([SLAVE_INFO, []]);
    expect(await plan({ vendor: 'mariadb', grants }, true)).toEqual([SAFE, []]);
    expect(await plan({ vendor: 'mariadb' }, true)).toEqual([SLAVE_INFO, ['mysql-safe-slave-backup']]);
  });
});
