// stream-lag.mjs LAB KIND [SECONDS [INTERVAL]]: how far `stream binlog` is behind a server of `make lab LAB=LAB` that three sessions write to; KIND is
// local, ssh or s3. Lag: from when the server has a position until a part up to there is listed. RPO at a moment: the age of what would be
// lost with the host then. After `make build`, beside nothing else that works.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { listStreamedLogs } from '../../dist/catalogue/streamed-logs.js';
import { readConfig } from '../../dist/config/read-config.js';
import { openDestination } from '../../dist/destinations/drivers.js';
import { createLog } from '../../dist/log.js';

const [lab, kind, seconds = '60', interval = '2'] = process.argv.slice(2);
const SAMPLE_MS = 50;
const HOST = `bench-${process.pid}`;

const server = JSON.parse(readFileSync(`${lab}/mariadb/server.json`, 'utf8'));
const dir = mkdtempSync(join(tmpdir(), 'stream-lag-'));
const config = join(dir, 'config');
const sections = readFileSync(`${lab}/${kind}.cfg`, 'utf8').replace(/backup_dirs=.*\n/, '');
writeFileSync(
  config,
  `${sections}\n[mysql]\nmysql_defaults_file=${server.defaultsFile}\n[host]\nname=${HOST}\n[stream]\ninterval=${interval}\n`,
  { mode: 0o600 },
);

const connect = () =>
  createConnection({ socketPath: server.socket, user: 'root', password: server.rootPassword });
const quantile = (values, q) =>
  values.toSorted((a, b) => a - b)[Math.min(Math.floor(values.length * q), values.length - 1)];

async function write(isOver) {
  const connection = await connect();
  while (!isOver()) {
    await connection.query("INSERT INTO bench.t (v) VALUES (REPEAT('x', 200))");
    await sleep(2);
  }
  await connection.end();
}

const first = await connect();
await first.query('CREATE DATABASE IF NOT EXISTS bench');
await first.query('CREATE TABLE IF NOT EXISTS bench.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)');
await first.query('FLUSH BINARY LOGS');
const service = spawn(
  process.execPath,
  ['dist/cli/main.js', '--config', config, 'stream', 'binlog', '--lock-file', join(dir, 'lock')],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);
await sleep(3000);
const destination = await openDestination(
  readConfig(config, () => {}).destination,
  createLog('warn', () => {}),
);
const end = performance.now() + Number(seconds) * 1000;
const isOver = () => performance.now() > end;
/** [when, position] each. */
const [written, stored] = [[], []];
let parts = 0;
async function sampleServer() {
  while (!isOver()) {
    const [[row]] = await first.query('SHOW MASTER STATUS');
    written.push([performance.now(), Number(row.Position), row.File]);
    await sleep(SAMPLE_MS);
  }
}
async function sampleDestination() {
  while (!isOver()) {
    const logs = await listStreamedLogs(destination, HOST);
    const log = logs.find(({ binlog }) => binlog === written.at(-1)?.[2]);
    parts = Math.max(parts, log?.parts.length ?? 0);
    stored.push([performance.now(), log?.end ?? 0]);
    await sleep(SAMPLE_MS);
  }
}
await Promise.all([sampleServer(), sampleDestination(), write(isOver), write(isOver), write(isOver)]);
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1];
service.kill('SIGTERM');
await new Promise((resolve) => service.once('close', resolve));
await first.query('DROP DATABASE bench');
await first.end();
await destination[Symbol.asyncDispose]();
rmSync(dir, { recursive: true });

const lags = written.flatMap(([when, position]) => {
  const found = stored.find(([, to]) => to >= position);
  return found ? [Math.max(found[0] - when, 0) / 1000] : [];
});
const rpos = stored.map(([when, to]) => {
  const lost = written.find(([, position]) => position > to);
  return lost && lost[0] < when ? (when - lost[0]) / 1000 : 0;
});
const line = (values) => ['0.5', '0.99', '1'].map((q) => quantile(values, Number(q)).toFixed(2)).join(' / ');
process.stdout.write(
  `${kind}, interval ${interval} s, ${seconds} s: lag p50/p99/max ${line(lags)} s, RPO ${line(rpos)} s, ` +
    `${parts} parts (${((parts / Number(seconds)) * 3600).toFixed(0)} an hour), at most ${(Number(peak) / 1024).toFixed(0)} MiB of memory\n`,
);
