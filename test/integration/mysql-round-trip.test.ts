import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { configureMysql, listedBinlogs, listedMysql } from '../fixtures/mysql-run.ts';
import { replayBinlogs } from '../fixtures/replay-binlogs.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTablesAt } from '../lab/replay.ts';
import { digestTables } from '../lab/rows.ts';
import { ENCRYPTION_KEY, encryptionLines, loadSchemas } from '../lab/schemas.ts';
import { startWriter } from '../lab/writer.ts';

const { gpg } = useLab();

let server: MariadbServer;
let keys: Sandbox;
/** With all that the server can: tables encrypted at rest, too. */
let lines: readonly string[];
beforeAll(async () => {
  keys = createSandbox();
  // The server runs as another user.
  chmodSync(keys.dir, 0o711);
  lines = encryptionLines(keys.file('keys', ENCRYPTION_KEY));
  server = await startMariadb({ lines });
  await loadSchemas(server, { tables: 5, encrypted: true });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  keys[Symbol.dispose]();
});

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

describe('a server that is written to while its backups run', () => {
  it.each(['repository', 'kept'])(
    'comes back as it was at the position of each copy in %s, and by the logs to its end',
    async (place) => {
      configureMysql(sandbox, server, {
        destination: { keep_local_path: join(sandbox.dir, 'kept') },
        compression: { program: 'zstd' },
        gpg: { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring },
      });
      await using writer = await startWriter(server);
      for (const runType of ['daily', 'hourly']) expect(await sandbox.backup(runType)).toEqual(SILENT);
      await writer.stop();
      const before = await digestTables(server);
      expect(await sandbox.backup('hourly')).toEqual(SILENT);

      const logs = join(sandbox.dir, 'logs');
      const fetched = await sandbox.run('restore', 'binlog', ...listedBinlogs(sandbox).keys(), '--dst', logs);
      expect(fetched).toMatchObject({ exitCode: 0, stderr: '' });
      const files = fetched.stdout.trimEnd().split('\n');

      // To restore from the destination, nothing may be left to restore from here.
      if (place === 'repository') rmSync(join(sandbox.dir, 'kept'), { recursive: true });
      for (const [index, { key }] of listedMysql(sandbox).entries()) {
        const dst = join(sandbox.dir, `restored${index}`);
        const { exitCode, stdout, stderr } = await sandbox.run('restore', 'mysql', key, '--dst', dst);
        expect([exitCode, stderr]).toEqual([0, '']);
        const [, position, file = ''] = /--start-position=(\d+) (\S+)/.exec(stdout) ?? [];
        await using restored = await startOn(dst, { lines });
        const rows = await digestTables(restored);
        expect(rows).toEqual(await digestTablesAt(server, { file, position: Number(position) }, { lines }));
        await restored.stop();
        await using again = await startOn(dst, { lines: [...lines, 'skip_grant_tables'] });
        replayBinlogs(
          again,
          files.filter((path) => path >= join(logs, file)),
          Number(position),
        );
        expect(await digestTables(again)).toEqual(before);
      }
    },
    180_000,
  );
});
