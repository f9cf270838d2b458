import { expect, it } from 'vitest';
import { closeBinlogs } from './binlogs.ts';

/** A stand-in for a server with these logs. */
const serverWith = (rows: readonly object[]) => ({
  variable: async (name: string) => (name === 'log_bin' ? 'ON' : '/var/log/mysql/b'),
  query: async <Row>(sql: string) => (sql.startsWith('SHOW') ? (rows as Row[]) : []),
});

it("the closed logs are all but the last, in the server's own order, also when log_bin got another name", async () => {
  const rows = ['old.999999', 'old.1000000', 'a.1000001', 'a.1000002'].map((Log_name) => ({
    Log_name,
    File_size: '100',
  }));
  const closed = await closeBinlogs(serverWith(rows));
  expect(closed?.map(({ name }) => name)).toEqual(['old.999999', 'old.1000000', 'a.1000001']);
  expect(closed?.[0]).toEqual({ name: 'old.999999', path: '/var/log/mysql/old.999999', size: 100 });
});

it('the size of a log that MySQL encrypts is without the header that the server does not send', async () => {
  const rows = [
    { Log_name: 'b.000001', File_size: '700', Encrypted: 'Yes' },
    { Log_name: 'b.000002', File_size: '700', Encrypted: 'No' },
    { Log_name: 'b.000003', File_size: '700', Encrypted: 'No' },
  ];
  expect((await closeBinlogs(serverWith(rows)))?.map(({ size }) => size)).toEqual([188, 700]);
});

it.each(['../../etc/cron.d/x.000001', '/etc/x.000001', 'x\0.000001', '.000001', 'mysql-bin', '..', ''])(
  'a name that would be a path, or none of a log, is refused before anything uses it: %j',
  async (name) => {
    const row = (Log_name: string) => ({ Log_name, File_size: '100' });
    const closing = closeBinlogs(serverWith([row('b.000001'), row(name), row('b.000003')]));
    await expect(closing).rejects.toThrow(
      `The server lists a binary log ${JSON.stringify(name)}, which is no name of a binary log`,
    );
  },
);

it('a name that looks like an option is one all the same', async () => {
  const rows = ['--defaults-file=x.000001', "it's.000002", 'b.3'].map((Log_name) => ({
    Log_name,
    File_size: '1',
  }));
  expect(await closeBinlogs(serverWith(rows))).toHaveLength(2);
});
