// A MariaDB server of our own with a datadir of a given size: the server of the tests, with more memory.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { noise, text } from './tree.mjs';

const MIB = 1024 ** 2;
const SCRIPT = fileURLToPath(new URL('../lab/mariadb.sh', import.meta.url));

/** Bytes of data in a row: half words, half noise. */
const ROW = 1024;

/** Rows are random within a table and the same in all: too far apart for a compressor to see it. */
const TABLE_MIB = 64;

/** Pool and log as an operator would choose them for so much data; nothing of it need survive a power cut. */
const OPTIONS = ['innodb_buffer_pool_size = 512M', 'innodb_log_file_size = 256M', 'innodb_doublewrite = OFF'];

/** Starts a server in `dir` with tables of together about `mib` MiB, half of which compresses. Returns its server.json. */
export async function startServer(dir, mib) {
  execFileSync(SCRIPT, ['start', dir, ...OPTIONS], {
    env: { ...process.env, LAB_OWNER: String(process.pid) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const server = JSON.parse(readFileSync(`${dir}/server.json`, 'utf8'));
  const connection = await createConnection({
    socketPath: server.socket,
    user: 'root',
    password: server.rootPassword,
  });
  // Not in the binary log, or each copy would bring all of it along.
  await connection.query('SET sql_log_bin = 0, unique_checks = 0, foreign_key_checks = 0');
  await connection.query('CREATE DATABASE bench');
  const create = (name) =>
    connection.query(`CREATE TABLE bench.${name} (id INT PRIMARY KEY, words BLOB, noise BLOB)`);
  await create('t0');
  await fillFirst(connection, Math.min(mib, TABLE_MIB));
  // In its file a table takes more room than its rows do.
  const tables = Math.round((mib * MIB) / statSync(`${server.datadir}/bench/t0.ibd`).size);
  for (let i = 1; i < tables; i++) {
    await create(`t${i}`);
    await connection.query(`INSERT INTO bench.t${i} SELECT * FROM bench.t0`);
  }
  await connection.end();
  settle(dir);
  return server;
}

/** One row after the other, some of them at a time. */
async function fillFirst(connection, mib) {
  const [total, batch] = [(mib * MIB) / ROW, 1024];
  for (let id = 0; id < total; id += batch) {
    const rows = Array.from({ length: batch }, (_, i) => [id + i, text(ROW / 2), noise(ROW / 2)]);
    await connection.query('INSERT INTO bench.t0 VALUES ?', [rows]);
  }
}

/** A clean end and a new start: all pages are in their files, and the log is short. */
function settle(dir) {
  for (const command of ['stop', 'start'])
    execFileSync(SCRIPT, [command, dir], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export function removeServer(dir) {
  execFileSync(SCRIPT, ['remove', dir]);
}
