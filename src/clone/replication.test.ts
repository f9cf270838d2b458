import { describe, expect, it } from 'vitest';
import { Secret } from '../config/secret.ts';
import { describeError } from '../errors.ts';
import { flavourOf } from '../mysql/flavours.ts';
import { readReplicaState, replicateFrom, requireReplicating } from './replication.ts';

const PASSWORD = `it's "#1"`;
const SOURCE = {
  host: 'db1',
  port: 3306,
  user: 'repl',
  binlog: 'mysql-bin.000007',
  position: 328,
  gtid: undefined,
};
const never = new AbortController().signal;

/** In the place of a server: notes down the statements, and answers as it is told. */
function standIn(flavour = flavourOf('mariadb', '10.11.19'), answer: (sql: string) => object[] = () => []) {
  const said: string[] = [];
  const query = async <Row>(sql: string): Promise<Row[]> => {
    said.push(sql.split(' ').slice(0, 4).join(' '));
    return answer(sql) as Row[];
  };
  return { said, server: { flavour, query } };
}

describe('starting replication', () => {
  it('forgets what the copy brought along, takes over its GTIDs, and only then begins', async () => {
    const { said, server } = standIn(flavourOf('oracle', '8.4.3'));
    await replicateFrom(server, { ...SOURCE, gtid: 'uuid:1-6' }, new Secret(PASSWORD));
    expect(said).toEqual([
      'STOP REPLICA',
      'RESET REPLICA ALL',
      'RESET BINARY LOGS AND',
      'SET GLOBAL gtid_purged =',
      'CHANGE REPLICATION SOURCE TO',
      'START REPLICA',
    ]);
  });

  it.each([
    `You have an error in your SQL syntax near '${PASSWORD}' at line 1`,
    `near 'MASTER_PASSWORD='${PASSWORD.slice(0, 4)}`,
    `Cannot use ${PASSWORD}`,
  ])('keeps the password out of an error that quotes it: %s', async (message) => {
    const { server } = standIn(undefined, (sql) => {
      if (sql.startsWith('CHANGE')) throw Object.assign(new Error(message), { sql: `… ${PASSWORD}` });
      return [];
    });
    const error = await replicateFrom(server, SOURCE, new Secret(PASSWORD)).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(Error);
    expect(
      `${describeError(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`,
    ).not.toContain("it's");
  });

  it('has begun when both threads run, in the words of either kind of server', () => {
    const old = {
      Slave_IO_Running: 'Yes',
      Slave_SQL_Running: 'Yes',
      Seconds_Behind_Master: '0',
      Last_SQL_Error: '',
    };
    const recent = {
      Replica_IO_Running: 'Yes',
      Replica_SQL_Running: 'Yes',
      Seconds_Behind_Source: 0,
      Last_IO_Error: '',
    };
    const state = { receiving: 'Yes', applying: 'Yes', secondsBehind: 0, error: '', isFinal: false };
    expect([old, recent].map(readReplicaState)).toEqual([state, state]);
  });

  it('has failed at once when an event cannot be applied, and after the limit when nothing is received', async () => {
    const failing = standIn(undefined, () => [
      { Slave_SQL_Running: 'No', Last_SQL_Error: 'Duplicate entry' },
    ]);
    await expect(requireReplicating(failing.server, never)).rejects.toThrow(
      'Replication does not run: Duplicate entry',
    );
    const row = { Slave_IO_Running: 'Connecting', Slave_SQL_Running: 'Yes', Last_IO_Error: 'no route' };
    const waiting = standIn(undefined, () => [row]);
    await expect(requireReplicating(waiting.server, never, 1)).rejects.toThrow(
      'Replication does not run: no route',
    );
  });

  it('is an error when a thread runs at first, and ends with the first event', async () => {
    let asked = 0;
    const failing = standIn(undefined, () => [
      asked++ < 3
        ? { Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes' }
        : { Slave_IO_Running: 'Yes', Slave_SQL_Running: 'No', Last_SQL_Error: 'Duplicate entry' },
    ]);
    await expect(requireReplicating(failing.server, never)).rejects.toThrow('Duplicate entry');
  });
});
