import { execFile } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type MariadbOptions, type MariadbServer, startMariadb } from './mariadb.ts';
import { digestTables, type TableDigest } from './rows.ts';

const run = promisify(execFile);

/**
 * What the server's tables held at a position of its binary log: everything it has logged up to there is replayed on
 * a fresh server. This is the judge of a backup taken while writes went on. The server must have logged all that it
 * holds: started by `startMariadb`, binary logging on, nothing purged or reset. `options` as it was started with.
 */
export async function digestTablesAt(
  server: MariadbServer,
  position: { readonly file: string; readonly position: number },
  options: MariadbOptions = {},
): Promise<TableDigest[]> {
  const index = join(server.binlogDir, 'mysql-bin.index');
  const logs = readFileSync(index, 'utf8').split('\n').filter(Boolean);
  const last = logs.findIndex((log) => basename(log) === position.file);
  if (last < 0) throw new Error(`${position.file} is not in ${index}`);
  const files = logs.slice(0, last + 1).map((log) => join(server.binlogDir, basename(log)));

  await using fresh = await startMariadb(options);
  const script = join(fresh.dir, 'replay.sql');
  // The position belongs to the last of the files.
  await run('mariadb-binlog', [
    '--no-defaults',
    `--stop-position=${position.position}`,
    `--result-file=${script}`,
    ...files,
  ]);
  const client = run('mariadb', [`--defaults-file=${fresh.defaultsFile}`, '--binary-mode']);
  if (!client.child.stdin) throw new Error('mariadb has no stdin');
  const [ended, fed] = await Promise.allSettled([
    client,
    pipeline(createReadStream(script), client.child.stdin),
  ]);
  // A client that gives up breaks the pipe: its own error comes first.
  if (ended.status === 'rejected') throw ended.reason;
  if (fed.status === 'rejected') throw fed.reason;
  // Without await the server would go before it has answered.
  return await digestTables(fresh);
}
