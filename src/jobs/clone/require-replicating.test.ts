import { describe, expect, it } from 'vitest';
import { flavourOf } from '../../mysql/flavours.ts';
import { readReplicaState } from './replica-state.ts';
import { requireReplicating } from './require-replicating.ts';

const said: string[] = [];
const note = (message: string) => void said.push(message);
const context = {
  log: { debug: note, info: note, warn: note, error: note },
  signal: new AbortController().signal,
};
const LIMITS = { beginMs: 600, steadyMs: 0, catchUpMs: 600, standstillMs: 1200 };
const WANTED = { binlog: 'bin.000002', position: 400, gtids: '' };
const RUNNING = { Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes' };

const at = (position: number, received = position) => ({
  ...RUNNING,
  Master_Log_File: 'bin.000002',
  Read_Master_Log_Pos: received,
  Relay_Master_Log_File: 'bin.000002',
  Exec_Master_Log_Pos: position,
});

/** In the place of a server: answers with what `status` says at its nth question. */
function standIn(status: (asked: number) => object, has = 0) {
  let asked = 0;
  return {
    flavour: flavourOf('mariadb', '10.11.19'),
    query: async <Row>(sql: string): Promise<Row[]> =>
      [sql.startsWith('SELECT GTID_SUBSET') ? { has } : status(asked++)] as Row[],
  };
}

describe('a replica', () => {
  it('is read in the words of either kind of server', () => {
    const old = { ...at(400, 500), Seconds_Behind_Master: '0', Last_SQL_Error: '', Replicate_Ignore_DB: '' };
    const recent = {
      Replica_IO_Running: 'Yes',
      Replica_SQL_Running: 'Yes',
      Source_Log_File: 'bin.000002',
      Read_Source_Log_Pos: 500,
      Relay_Source_Log_File: 'bin.000002',
      Exec_Source_Log_Pos: 400,
      Seconds_Behind_Source: 0,
      Last_IO_Error: '',
    };
    const state = {
      receiving: 'Yes',
      applying: 'Yes',
      secondsBehind: 0,
      error: '',
      isFinal: false,
      isByGtid: false,
      saysReceiver: '',
      saysApplier: '',
      received: { binlog: 'bin.000002', position: 500 },
      applied: { binlog: 'bin.000002', position: 400 },
      filters: [],
    };
    expect([old, recent].map(readReplicaState)).toEqual([state, state]);
  });

  it('has failed at once when an event cannot be applied, and after the limit when nothing is received', async () => {
    const failing = standIn(() => ({ Slave_SQL_Running: 'No', Last_SQL_Error: 'Duplicate entry' }));
    await expect(requireReplicating(failing, WANTED, context)).rejects.toThrow(
      'Replication does not run: Duplicate entry',
    );
    const row = { Slave_IO_Running: 'Connecting', Slave_SQL_Running: 'Yes', Last_IO_Error: 'no route' };
    await expect(
      requireReplicating(
        standIn(() => row),
        WANTED,
        context,
        LIMITS,
      ),
    ).rejects.toThrow('Replication does not run: no route');
  });

  it('has failed when a thread runs at first, and ends with the first event, or comes and goes', async () => {
    const failing = standIn((asked) =>
      asked < 3 ? at(400) : { Slave_SQL_Running: 'No', Last_SQL_Error: 'Duplicate entry' },
    );
    await expect(requireReplicating(failing, WANTED, context)).rejects.toThrow('Duplicate entry');
    const flapping = standIn((asked) =>
      asked % 2 === 0 ? at(400) : { Slave_IO_Running: 'Connecting', Slave_SQL_Running: 'Yes' },
    );
    await expect(requireReplicating(flapping, WANTED, context, { ...LIMITS, steadyMs: 400 })).rejects.toThrow(
      'receiving: Connecting, applying: Yes',
    );
  });

  it('has caught up when it has applied what its source had logged, by place or by GTID', async () => {
    const later = standIn((asked) => at(asked < 3 ? 399 : 400));
    expect(await requireReplicating(later, WANTED, context, LIMITS)).toMatchObject({
      hasCaughtUp: true,
      applied: { position: 400 },
    });
    const byGtid = standIn(() => ({ ...at(4), Auto_Position: 1 }), 1);
    const wanted = { ...WANTED, gtids: 'uuid:1-6' };
    expect(await requireReplicating(byGtid, wanted, context, LIMITS)).toMatchObject({ hasCaughtUp: true });
    // Without, there may be events that have none.
    const byPlace = standIn((asked) => ({ ...at(4 + asked), Auto_Position: 0 }), 1);
    expect(await requireReplicating(byPlace, wanted, context, LIMITS)).toMatchObject({ hasCaughtUp: false });
  });

  it('is only behind while it advances, and has failed when it stands still, also after it had begun to', async () => {
    const advancing = standIn((asked) => at(10 + asked));
    expect(await requireReplicating(advancing, WANTED, context, LIMITS)).toMatchObject({
      hasCaughtUp: false,
    });
    const stuck = standIn((asked) => ({
      ...at(Math.min(asked, 1) + 10, 500),
      Slave_SQL_Running_State: 'Waiting for table metadata lock',
    }));
    await expect(
      requireReplicating(stuck, WANTED, context, { ...LIMITS, catchUpMs: 1500, standstillMs: 2000 }),
    ).rejects.toThrow(
      /^Replication stands still, and nothing of it is applied .*\(Waiting for table metadata lock\): the source had logged up to bin\.000002, position 400; .* received up to bin\.000002, position 500 and applied up to bin\.000002, position 11/,
    );
    expect(said).toEqual([expect.stringMatching(/^Replication stands still, .* Waiting until it moves/)]);
    const silent = standIn(() => at(10));
    await expect(requireReplicating(silent, WANTED, context, LIMITS)).rejects.toThrow(
      /nothing of it arrives .* Look at the network/,
    );
  });

  it('has failed when it leaves something out', async () => {
    const filtered = standIn(() => ({ ...at(400), Replicate_Ignore_DB: 'shop' }));
    await expect(requireReplicating(filtered, WANTED, context)).rejects.toThrow(
      'Replication would leave something out: Replicate_Ignore_DB: shop',
    );
  });
});
