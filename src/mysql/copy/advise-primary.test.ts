import { describe, expect, it } from 'vitest';
import { upstream as asked } from '../../../test/fixtures/upstream.ts';
import type { Upstream } from '../../copies/mysql-copy.ts';
import { flavourOf } from '../flavours.ts';
import { advisePrimary } from './advise-primary.ts';

/** As the backup program says it of the copy. */
const upstream: Upstream = { ...asked, toldBy: 'program' };
const byGtid = { ...upstream, binlog: '', position: '' };
const statements = (vendor: 'mariadb' | 'oracle', version: string, ...upstreams: readonly Upstream[]) =>
  advisePrimary(upstreams, flavourOf(vendor, version)).slice(1);

describe('the statements that make a restored server a replica again', () => {
  it('are none where the copy does not show its position', () => {
    expect(advisePrimary([{ ...upstream, toldBy: 'server' }], flavourOf('mariadb', '10.11.18'))).toEqual([]);
  });

  it('are in the words of MariaDB, for each connection', () => {
    const second = { ...byGtid, connection: "b'c", gtid: '0-1-6' };
    expect(statements('mariadb', '10.11.18', upstream, second)).toEqual([
      '  STOP SLAVE;',
      '  RESET SLAVE ALL;',
      "  SET GLOBAL gtid_slave_pos = '0-1-6';",
      "  CHANGE MASTER TO MASTER_HOST='db0', MASTER_PORT=3306, MASTER_USER='repl', MASTER_LOG_FILE='mysql-bin.000007', MASTER_LOG_POS=42, MASTER_USE_GTID=no, MASTER_PASSWORD='PASSWORD';",
      '  START SLAVE;',
      "  CHANGE MASTER 'b''c' TO MASTER_HOST='db0', MASTER_PORT=3306, MASTER_USER='repl', MASTER_USE_GTID=slave_pos, MASTER_PASSWORD='PASSWORD';",
      "  START SLAVE 'b''c';",
    ]);
  });

  it('are in the words of MySQL', () => {
    const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';
    expect(statements('oracle', '8.4.3', { ...byGtid, connection: 'c', gtid })).toEqual([
      '  STOP REPLICA;',
      '  RESET REPLICA ALL;',
      '  RESET BINARY LOGS AND GTIDS;',
      `  SET GLOBAL gtid_purged = '${gtid}';`,
      "  CHANGE REPLICATION SOURCE TO SOURCE_HOST='db0', SOURCE_PORT=3306, SOURCE_USER='repl', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_PASSWORD='PASSWORD' FOR CHANNEL 'c';",
      "  START REPLICA FOR CHANNEL 'c';",
    ]);
  });

  it('hold what a status says in quotes, on one line', () => {
    const evil = { ...upstream, host: "x'; DROP\nDATABASE d; \\", port: '1; --' };
    const [, , change] = statements('mariadb', '10.11.18', evil);
    expect(change).toContain("MASTER_HOST=\\'x\\'\\'; DROP\\nDATABASE d; \\\\\\\\\\', MASTER_PORT=NaN");
  });
});
