import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, destinationSections, type Sandbox } from '../e2e/cli.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { compare, originalLog, readStored, startStreamer, until } from '../fixtures/stream-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { labConfig, observe } from './s3-lab.ts';
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

describe('a bucket that keeps versions', () => {
  it('is warned of once, as the parts stay there', async () => {
    const Bucket = `versions-${process.pid}-${Date.now()}`;
    const client = observe(labConfig());
    await client.send(new CreateBucketCommand({ Bucket }));
    const place = destinationSections('s3', sandbox, useLab());
    configureMysql(sandbox, server, {
      ...place,
      s3: { ...place['s3'], BUCKET: Bucket },
      stream: { interval: 1 },
      source: { backup_mysql: 'no' },
    });
    const saidWhenStored = async (): Promise<string> => {
      const streamer = startStreamer(sandbox);
      try {
        await until(hasAll);
        streamer.child.kill('SIGTERM');
        expect(await streamer.result).toMatchObject({ exitCode: 0 });
        return streamer.said();
      } finally {
        streamer.child.kill('SIGKILL');
      }
    };
    expect(await saidWhenStored()).not.toContain('WARNING');
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    client.destroy();
    await server.sql('CREATE TABLE d.more (i INT)');
    const said = await saidWhenStored();
    expect(said.match(/WARNING: The bucket keeps former versions of what is deleted/g)).toHaveLength(1);
    expect(said).toContain(`s3://${Bucket}/`);
  }, 120_000);
});
