import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { backUp, configureMysql, mysqlObjectsIn } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

/** What opens the file with the keys that the server's tables are encrypted with. */
const SECRET = 'GEHEIM "one" --two';

/** What stays of the line in which mariabackup says what it gives to the plugin. */
const LINE = '--file_key_management_filekey=…';

let server: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = createSandbox();
  chmodSync(sandbox.dir, 0o755);
  const [plain, keys] = [
    sandbox.file('plain', `1;${'0123456789abcdef'.repeat(4)}\n`),
    sandbox.file('keys', ''),
  ];
  execFileSync('openssl', ['enc', '-aes-256-cbc', '-md', 'sha1', '-k', SECRET, '-in', plain, '-out', keys], {
    stdio: 'ignore',
  });
  server = await startMariadb({
    lines: [
      'plugin_load_add = file_key_management',
      `file_key_management_filename = ${keys}`,
      `file_key_management_filekey = '${SECRET}'`,
      'innodb_encrypt_tables = ON',
    ],
  });
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t SELECT seq AS id FROM mysql.seq_1_to_100');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

/** mariabackup, which ends badly when it has said so little that its error shows all of it. */
function failingAt(word: string): string {
  const path = sandbox.file(
    'bin/mariabackup',
    `#!/bin/sh\ncase "$*" in *${word}*) mariabackup "$@" 2>&1 >/dev/null | head -n 12 >&2; exit 3;; esac\nexec mariabackup "$@"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

it("what encrypts the server's tables is in no error and no --debug output of backup, restore and verify", async () => {
  configureMysql(sandbox, server);
  const expectRedacted = (output: string) => {
    expect(output).toContain(LINE);
    expect(output).not.toContain('GEHEIM');
    expect(output).not.toContain('two');
  };
  const backup = await backUp(sandbox, 'daily', '--debug');
  expect(backup.exitCode).toBe(0);
  expectRedacted(backup.stderr);
  const failed = await backUp(sandbox, 'daily', '--xtrabackup-binary', failingAt('--backup'));
  expect([failed.exitCode, failed.stderr]).toEqual([1, expect.stringContaining('failed with exit code 3')]);
  expectRedacted(failed.stderr);

  const [copy = ''] = mysqlObjectsIn(sandbox);
  const dst = join(sandbox.dir, 'restored');
  const restored = await sandbox.run('--debug', 'restore', 'mysql', copy, '--dst', dst);
  expect(restored.exitCode).toBe(0);
  expectRedacted(restored.stderr);
  rmSync(dst, { recursive: true });
  const broken = ['--xtrabackup-binary', failingAt('--prepare')];
  const unprepared = await sandbox.run(...broken, 'restore', 'mysql', copy, '--dst', dst);
  expect(unprepared.exitCode).toBe(1);
  expectRedacted(unprepared.stderr);
  const verified = await sandbox.run(...broken, 'verify', 'mysql', copy);
  expect(verified.exitCode).toBe(1);
  expectRedacted(verified.stdout);
});
