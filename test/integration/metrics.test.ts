import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { expectOneMessage } from '../e2e/messages.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { loadSchemas } from '../lab/schemas.ts';

let server: MariadbServer;
beforeAll(async () => {
  server = await startMariadb();
  await loadSchemas(server, { tables: 2 });
});
afterAll(() => server[Symbol.asyncDispose]());

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/file', 'content');
  source = join(sandbox.dir, 'source');
});
afterEach(() => sandbox[Symbol.dispose]());

it('a run and its restores keep the file for Prometheus: every source, its result, its size', async () => {
  const file = join(sandbox.dir, 'twindb.prom');
  const metrics = { transport: 'prometheus', prometheus_file: file };
  configureMysql(sandbox, server, { source: { backup_dirs: source }, export: metrics });
  const read = () =>
    new Map(
      [...readFileSync(file, 'utf8').matchAll(/^(twindb_\w+)\{type="(\w+)"(.*)\} (\S+)$/gm)].map(
        ([, name, type, , value]) => [`${name} ${type}`, Number(value)],
      ),
    );
  expect(await sandbox.backup()).toEqual(SILENT);
  for (const type of ['files', 'mysql', 'binlog']) {
    expect(read().get(`twindb_backup_last_run_succeeded ${type}`)).toBe(1);
    expect(read().get(`twindb_backup_last_success_size_bytes ${type}`)).toBeGreaterThan(0);
    expect(read().get(`twindb_backup_last_success_duration_seconds ${type}`)).toBeGreaterThan(0);
  }
  const { stdout } = await sandbox.run('verify', 'mysql', 'latest');
  const { restore_time: seconds } = JSON.parse(stdout) as { restore_time: number };
  expect(read().get('twindb_restore_last_success_duration_seconds mysql')).toBeCloseTo(seconds, 0);
  expect(await sandbox.run('verify', 'mysql', 'nothing')).toMatchObject({ exitCode: 1 });
  expect(read().get('twindb_restore_last_run_succeeded mysql')).toBe(0);

  configureMysql(
    sandbox,
    { defaultsFile: sandbox.file('none.cnf', '[client]\nport=1\nhost=127.0.0.1\n') },
    { source: { backup_dirs: source }, export: metrics },
  );
  expect(await sandbox.backup()).toMatchObject({ exitCode: 1 });
  const results = ['files', 'mysql', 'binlog'].map((type) =>
    read().get(`twindb_backup_last_run_succeeded ${type}`),
  );
  expect(results).toEqual([1, 0, 0]);
}, 180_000);

it('a run and a restore of a directory send their times to StatsD', async () => {
  const statsd = createSocket('udp4');
  const received: string[] = [];
  statsd.on('message', (message) => received.push(message.toString()));
  statsd.bind(0, '127.0.0.1');
  await once(statsd, 'listening');
  configureLocal(sandbox, [source], {
    export: { transport: 'statsd', statsd_port: statsd.address().port },
  });
  expect(await sandbox.backup()).toEqual(SILENT);
  const [copy = ''] = await listCopies(sandbox);
  expect(await sandbox.run('restore', 'file', copy, '--dst', join(sandbox.dir, 'restored'))).toEqual(SILENT);
  await expect
    .poll(() => received, { timeout: 10_000 })
    .toEqual([
      expect.stringMatching(/^twindb\.files\.backup_time:[0-9.]+\|ms\ntwindb\.files\.backup_failed:0\|g\n/),
      expect.stringMatching(/^twindb\.files\.restore_time:[0-9.]+\|ms\n/),
    ]);
  statsd.close();
});

it('an exporter that cannot be reached is one warning, and the backup is there', async () => {
  configureLocal(sandbox, [source], {
    export: { transport: 'datadog', agent_host: 'nohost.invalid', api_key: 'hunter2' },
  });
  const { exitCode, stdout, stderr } = await sandbox.backup();
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(stderr).toMatch(/^WARNING: No metrics were exported to datadog [^\n]*\n[^\n]*\[export\]\.\n$/);
  expect(stderr).not.toContain('hunter2');
  expect(await listCopies(sandbox)).toHaveLength(1);

  const wrong = { transport: 'prometheus', prometheus_file: '/var/lib/x.txt' };
  configureLocal(sandbox, [source], { export: wrong });
  expectOneMessage(await sandbox.backup(), {
    exitCode: 78,
    says: /\[export\] prometheus_file must be an absolute path that ends in \.prom, got/,
  });
});
