import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { type Retiring, retireOn } from '../fixtures/retire-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const lab = useLab();

let server: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  // A tiny server: its files are what a run copies.
  server = await startMariadb({ lines: ['innodb_log_file_size = 4M', 'innodb_buffer_pool_size = 16M'] });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  sandbox = createSandbox();
  await server.resetBinlogs();
});
afterEach(() => sandbox[Symbol.dispose]());

const configOf = (more: object = {}) => ({
  source: { backup_dirs: '', backup_mysql: 'yes' },
  mysql: { mysql_defaults_file: server.defaultsFile, ...more },
  retention: { hourly_copies: 1, daily_copies: 1 },
  retention_local: { hourly_copies: 1, daily_copies: 1 },
});

interface Rehearsed {
  readonly parts: readonly {
    readonly type: string;
    readonly copy_type: string;
    readonly reason: string;
    readonly copies: readonly { readonly name: string }[];
    readonly retention: readonly {
      readonly name: string;
      readonly decision: string;
      readonly reason: string;
    }[];
  }[];
}

/** The keys of the copies at the destination, `daily` before `hourly`. */
async function keysOf(host: Retiring, type: string): Promise<string[]> {
  const copies = await host.copies();
  return copies
    .filter((copy) => copy.place === 'remote' && copy.type === type)
    .map(({ key }) => key)
    .toSorted();
}

describe.each(['local', 'ssh', 's3'] as const)('copies of MySQL on %s', { timeout: 240_000 }, (kind) => {
  it('are pinned, pruned and deleted as chains, and a dry run says before of which type the next one is', async () => {
    const host = retireOn(kind, sandbox, lab, configOf());
    const first = await host.runLocked('backup', 'hourly', '--dry-run');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^MySQL: full, .* before compression \(there is no full copy that a hourly one could continue\)$/m,
    );
    for (const runType of ['daily', 'hourly'] as const) await host.backUp(runType);
    const [full = '', pinned = ''] = await keysOf(host, 'mysql');
    expect(await host.run('pin', pinned)).toEqual(SILENT);

    const unchanged = await host.snapshot();
    const { stdout } = await host.runLocked('backup', 'hourly', '--dry-run', '--json');
    expect(await host.snapshot()).toBe(unchanged);
    const [mysql, logs] = (JSON.parse(stdout) as Rehearsed).parts;
    expect([mysql?.copy_type, logs?.copy_type]).toEqual(['incremental', 'logs']);
    expect(mysql?.reason).toContain(`it continues ${full} from LSN`);
    expect(mysql?.retention.find(({ name }) => pinned.endsWith(name))).toMatchObject({
      decision: 'keep',
      reason: 'it is pinned',
    });

    for (const runType of ['hourly', 'daily', 'hourly'] as const) await host.backUp(runType);
    // The pinned one stays besides one of its run type, and so does the full copy that it continues.
    const [kept, newFull = '', keptHourly, newest = ''] = await keysOf(host, 'mysql');
    expect([kept, keptHourly]).toEqual([full, pinned]);
    expect(await host.run('unpin', pinned)).toEqual(SILENT);
    expect(await host.runLocked('prune')).toEqual(SILENT);
    // The oldest full copy stays for the binary logs that can be replayed on no newer one.
    expect(await keysOf(host, 'mysql')).toEqual([full, newFull, newest]);

    const refused = await host.runLocked('delete', '--yes', newFull);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`continues ${newFull}: name it too, or give --with-incrementals`);
    expect(await host.runLocked('delete', '--yes', '--with-incrementals', newFull)).toEqual(SILENT);
    expect(await keysOf(host, 'mysql')).toEqual([full]);
    expect(await host.run('check', '--hostname', host.host)).toEqual(SILENT);
  });

  it('and its binary logs are pruned by their age, but for pinned ones, and deleted by the names of the server', async () => {
    const host = retireOn(kind, sandbox, lab, configOf());
    for (let run = 0; run < 5; run += 1) await host.backUp('hourly', { binlogsOnly: true });
    const logs = await keysOf(host, 'binlog');
    expect(logs.length).toBeGreaterThan(4);
    const [oldest = '', second = '', third = ''] = logs;
    const middle = await host.runLocked('delete', '--yes', third.replace(/.*\//, '').replace('.gz', ''));
    expect(middle).toMatchObject({ exitCode: 0, stdout: '' });
    expect(middle.stderr).toMatch(
      /^WARNING: Without the binary logs between \S+ and \S+, no copy from before them/,
    );
    expect(await keysOf(host, 'binlog')).toEqual(logs.filter((key) => key !== third));
    expect(await host.run('pin', oldest)).toEqual(SILENT);
    host.configure(configOf({ expire_log_days: 0 }));
    const rehearsal = await host.runLocked('prune', '--dry-run');
    expect(rehearsal.stdout).toContain('ended 0.0 days ago, 0 to keep');
    expect(await host.runLocked('prune')).toEqual(SILENT);
    expect(await keysOf(host, 'binlog')).toEqual([oldest, logs.at(-1)]);
    expect(second).not.toBe('');
    expect(await host.run('check', '--hostname', host.host)).toEqual(SILENT);
  });
});

describe('prune', () => {
  it('deletes nothing of a server that cannot be reached, as nothing tells which one it is', async () => {
    const host = retireOn('local', sandbox, lab, configOf());
    const absent = sandbox.file('my.cnf', `[client]\nhost=127.0.0.1\nport=1\nuser=root\n`);
    host.configure(configOf({ mysql_defaults_file: absent, expire_log_days: 0 }));
    const { exitCode, stderr } = await host.runLocked('prune');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ERROR: Cannot apply the retention of the MySQL server/);
    const rehearsal = await host.runLocked('backup', 'daily', '--dry-run');
    expect(rehearsal.exitCode).toBe(1);
    expect(rehearsal.stderr).toMatch(/MySQL would fail: .*\n[^]*Binary logs would fail: /);
  });
});
