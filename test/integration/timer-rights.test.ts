import { readFileSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createSandbox } from '../e2e/cli.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { startMariadb } from '../lab/mariadb.ts';
import { loadSchemas } from '../lab/schemas.ts';

const UNIT = fileURLToPath(new URL('../../packaging/systemd/twindb-backup@.service', import.meta.url));

// systemd itself does not run in the lab: of what the unit allows, this tries the capabilities.
it("a backup of others' files and of a server needs no more capabilities than the timer's unit leaves it", async () => {
  const [, set = ''] = /^CapabilityBoundingSet=(.*)$/m.exec(readFileSync(UNIT, 'utf8')) ?? [];
  const kept = set.split(' ').map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);
  expect(kept.length).toBeGreaterThan(1);

  await using server = await startMariadb();
  await loadSchemas(server, { tables: 2 });
  using sandbox = createSandbox();
  const secret = sandbox.file('source/of-another', 'content');
  await chmod(secret, 0o600);
  await chown(secret, 12_345, 12_345);
  const keep = { keep_local_path: join(sandbox.dir, 'kept') };
  configureMysql(sandbox, server, {
    source: { backup_dirs: join(sandbox.dir, 'source') },
    destination: keep,
  });
  const under = ['setpriv', '--no-new-privs', `--bounding-set=-all,${kept.join(',')}`] as const;
  const args = ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'];
  expect(await sandbox.startUnder([...under], args).result).toEqual({
    exitCode: 0,
    signal: null,
    stdout: '',
    stderr: '',
  });
  const { stdout } = await sandbox.run('ls', '--json');
  const types = (JSON.parse(stdout) as { copies: { type: string }[] }).copies.map(({ type }) => type);
  expect(new Set(types)).toEqual(new Set(['binlog', 'files', 'mysql']));
}, 180_000);
