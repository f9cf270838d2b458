import { describe, expect, it } from 'vitest';
import { Secret } from '../../config/secret.ts';
import { describeError } from '../../errors.ts';
import { flavourOf } from '../../mysql/flavours.ts';
import { replicateFrom } from './replication.ts';

const PASSWORD = `it's "#1"`;
const SOURCE = {
  host: 'db1',
  port: 3306,
  user: 'repl',
  binlog: 'mysql-bin.000007',
  position: 328,
  gtid: undefined,
};

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
});
