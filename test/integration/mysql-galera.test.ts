import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from '../../src/errors.ts';
import { isGalera, withDesync } from '../../src/mysql/server/galera.ts';
import { connectMysql, type MysqlServer } from '../../src/mysql/server/server.ts';
import { type MariadbServer, startGaleraNode, startMariadb } from '../lab/mariadb.ts';
import { collectLog } from './mysql-log.ts';

const connect = (server: MariadbServer, defaultsFile = server.defaultsFile) =>
  connectMysql({ defaultsFile }, collectLog().log);

/** Options of a run that nothing interrupts. */
function calm() {
  const { log, messages } = collectLog();
  return { log, messages, signal: new AbortController().signal };
}

const fail = () => Promise.reject(new Error('no backup'));

describe('a server that is no Galera node is not taken for one (D17)', () => {
  it('MariaDB without a provider', async () => {
    await using server = await startMariadb();
    await using connected = await connect(server);
    expect(await isGalera(connected)).toBe(false);
  });

  it.each([
    ['no wsrep_on at all, as MySQL', {}],
    ['wsrep_on without a provider', { wsrep_on: 'ON', wsrep_provider: 'none' }],
  ])('one with %s (a stand-in)', async (_title, variables: Record<string, string>) => {
    expect(await isGalera({ variable: async (name) => variables[name] })).toBe(false);
  });
});

describe('a Galera node', () => {
  let node: MariadbServer;
  let server: MysqlServer;
  beforeAll(async () => {
    node = await startGaleraNode();
  });
  afterAll(() => node[Symbol.asyncDispose]());
  beforeEach(async () => {
    server = await connect(node);
    return () => server[Symbol.asyncDispose]();
  });

  const state = async () => {
    const [row] = await node.sql<{ Value: string }>("SHOW STATUS LIKE 'wsrep_local_state_comment'");
    return row?.Value;
  };
  it('is known as such', async () => {
    expect(await isGalera(server)).toBe(true);
    expect(await server.status('wsrep_provider_version')).toMatch(/^\d+\.\d+/);
  });

  it('is desynchronised during the work and no longer', async () => {
    const options = calm();
    expect(await withDesync(server, state, options)).toBe('Donor/Desynced');
    await expect.poll(state).toBe('Synced');
    expect(options.messages).toEqual(['debug wsrep_desync is ON', 'debug wsrep_desync is OFF']);
  });

  it('is synchronised again after the work failed, and the failure is reported', async () => {
    await expect(withDesync(server, fail, calm())).rejects.toThrow('no backup');
    await expect.poll(state).toBe('Synced');
  });

  it('is synchronised again after the signal', async () => {
    const controller = new AbortController();
    const work = async () => {
      controller.abort(new Error('SIGTERM'));
      controller.signal.throwIfAborted();
    };
    await expect(withDesync(server, work, { ...calm(), signal: controller.signal })).rejects.toThrow(
      'SIGTERM',
    );
    await expect.poll(state).toBe('Synced');
  });

  it('is left alone after the signal', async () => {
    const options = { ...calm(), signal: AbortSignal.abort(new Error('SIGTERM')) };
    await expect(withDesync(server, state, options)).rejects.toThrow('SIGTERM');
    expect(options.messages).toEqual([]);
  });

  it('is synchronised again although the connection was lost meanwhile', async () => {
    const work = async () => {
      const [row] = await server.query<{ id: string }>('SELECT CONNECTION_ID() AS id');
      await node.sql(`KILL CONNECTION ${row?.id}`);
    };
    await withDesync(server, work, calm());
    await expect.poll(state).toBe('Synced');
  });

  it('that somebody has desynchronised is synchronised afterwards, and that is said', async () => {
    await node.sql('SET GLOBAL wsrep_desync = ON');
    const options = calm();
    await withDesync(server, state, options);
    await expect.poll(state).toBe('Synced');
    expect(options.messages[0]).toContain('warn wsrep_desync is ON already');
  });

  it('waits until it has caught up, and gives up waiting in the end (a stand-in counts the queue)', async () => {
    const queues = ['2', '1', '0'];
    let off = 0;
    const counting = (next: () => string): typeof server => ({
      ...server,
      afterwards: {
        ...server.afterwards,
        status: async () => next(),
        query: async (sql, values) => {
          if (sql.endsWith('OFF')) off += 1;
          return await server.afterwards.query(sql, values);
        },
      },
    });
    await withDesync(
      counting(() => queues.shift() ?? '0'),
      state,
      calm(),
    );
    expect([queues.length, off]).toEqual([0, 1]);
    const options = { ...calm(), catchUpSeconds: 0.5 };
    await withDesync(
      counting(() => '7'),
      state,
      options,
    );
    expect(off).toBe(2);
    expect(options.messages).toContain('warn The node is 7 write sets behind after 0.5 seconds');
    await expect.poll(state).toBe('Synced');
  });

  it('is not waited for after the signal, though it is behind (a stand-in says so)', async () => {
    const controller = new AbortController();
    const behind = async () => {
      controller.abort(new Error('SIGTERM'));
      return '7';
    };
    const start = performance.now();
    await withDesync({ ...server, afterwards: { ...server.afterwards, status: behind } }, state, {
      ...calm(),
      signal: controller.signal,
    });
    expect(performance.now() - start).toBeLessThan(60_000);
    await expect.poll(state).toBe('Synced');
  });

  it('names the privilege that is missing, at once', async () => {
    await using weak = await connect(node, node.backupDefaultsFile);
    const start = performance.now();
    const message = await withDesync(weak, state, calm()).then(() => '', describeError);
    expect(message).toContain('missing privilege');
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('that hangs does not hold up the end of the run after the signal, and what remains is said', async () => {
    const pid = Number(readFileSync(join(node.dir, 'run/mysqld.pid'), 'utf8'));
    const controller = new AbortController();
    const work = async () => {
      process.kill(pid, 'SIGSTOP');
      setTimeout(() => controller.abort(new Error('SIGTERM')), 100);
      for (;;) await connected.query('SELECT 1');
    };
    await using connected = await connectMysql(node, collectLog().log, controller.signal);
    const { log, messages } = collectLog();
    try {
      const message = await withDesync(connected, work, {
        log,
        signal: controller.signal,
        catchUpSeconds: 900,
      }).then(() => '', describeError);
      expect(message).toContain('SIGTERM');
      const told = messages.find((each) => each.startsWith('error')) ?? '';
      expect(told).toContain('Cannot end the desynchronisation of this Galera node');
      expect(told).toContain('no answer within 10 seconds');
      expect(told).toContain('SET GLOBAL wsrep_desync=OFF');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await withDesync(server, state, calm());
    await expect.poll(state).toBe('Synced');
  });

  it('that has died is reported with the failure of the work and the remedy', async () => {
    const mortal = await startGaleraNode();
    try {
      await using connected = await connect(mortal);
      const work = async () => {
        await mortal.kill();
        throw new Error('the backup ended early');
      };
      const message = await withDesync(connected, work, { ...calm(), retrySeconds: 1 }).then(
        () => '',
        describeError,
      );
      expect(message).toContain('Cannot end the desynchronisation of this Galera node');
      expect(message).toContain('the backup ended early');
      expect(message).toContain('SET GLOBAL wsrep_desync=OFF');
    } finally {
      await mortal[Symbol.asyncDispose]();
    }
  });
});
