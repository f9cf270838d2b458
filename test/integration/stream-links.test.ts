import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { compare, originalLog, readStored, startStreamer, until } from '../fixtures/stream-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { openLink } from './ssh-proxy.ts';

let server: MariadbServer;
let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = createSandbox();
  server = await startMariadb();
  await server.sql('CREATE DATABASE d');
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

/** The server is reached through a port of this host, in the clear. */
function configureOver(port: number): void {
  const password = server.rootPassword.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const lines = ['[client]', 'user=root', `password="${password}"`, 'host=127.0.0.1', `port=${port}`];
  const defaultsFile = sandbox.file('linked.cnf', [...lines, 'ssl-mode=DISABLED', ''].join('\n'));
  configureMysql(sandbox, { defaultsFile }, { stream: { interval: 1 }, source: { backup_mysql: 'no' } });
}

const hasAll = async (): Promise<boolean> => {
  const stored = await readStored(sandbox);
  return stored.at(-1)?.bytes.length === originalLog(server, 'mysql-bin.000001').length;
};

describe('a server behind a link that falls silent', () => {
  it('is followed over a new connection, before anyone has waited for an answer of the old one', async () => {
    await using link = await openLink(server.port);
    configureOver(link.port);
    const streamer = startStreamer(sandbox);
    try {
      await until(hasAll);
      link.freezePresent();
      await server.sql('CREATE TABLE d.behind (i INT)');
      // Within the limit of the test: a statement alone may wait for five minutes.
      await until(hasAll);
      streamer.child.kill('SIGTERM');
      expect(await streamer.result).toMatchObject({ exitCode: 0 });
      expect(streamer.said()).toContain('the server has said nothing for 30 seconds');
      expect(compare(server, await readStored(sandbox), []).holes).toEqual([]);
    } finally {
      streamer.child.kill('SIGKILL');
      await streamer.result;
    }
  }, 150_000);

  it('before it is followed keeps nobody from ending the service', async () => {
    let isSilent = false;
    await using link = await openLink(server.port, (chunk) => {
      isSilent ||= chunk.includes('mariadb_slave_capability');
      return isSilent;
    });
    configureOver(link.port);
    const streamer = startStreamer(sandbox);
    try {
      await until(() => isSilent);
      streamer.child.kill('SIGTERM');
      expect(await streamer.result).toMatchObject({ exitCode: 0, signal: null });
    } finally {
      streamer.child.kill('SIGKILL');
    }
  }, 60_000);
});
