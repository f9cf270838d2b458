// bench.mjs DIR: measures every case on a fresh tree and a fresh MariaDB in DIR, with the servers of DIR/lab, and writes the tables.
// Ours and the shell's line take turns, so that whatever else the machine does hits both; the median of the rounds' ratios counts.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync } from 'node:fs';
import { createCases, createStreams } from './cases.mjs';
import { measure, median } from './measure.mjs';
import { createMysqlCases } from './mysql-cases.mjs';
import { removeServer, startServer } from './mysql-data.mjs';
import { keepTables, speedTable, streamTable } from './tables.mjs';
import { makeNoise, makeTree } from './tree.mjs';

const MIB = Number(process.env.BENCH_MIB ?? 1024);
/** Data of the server, in MiB. */
const MYSQL_MIB = 2 * MIB;
/** Rounds for what has a limit; for the rest, but each side should begin once; and one for what takes minutes. */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const FEW_ROUNDS = Math.min(ROUNDS, Math.max(2, Math.ceil(ROUNDS / 2)));
const ONLY = new RegExp(process.env.BENCH_ONLY ?? '', 'i');
const FULL = ['BENCH_MIB', 'BENCH_ONLY'].every((name) => !(name in process.env));

/** The long streams: this many links to a file of a quarter of the tree. */
const LINKS = 10;

const dir = process.argv[2];
const lab = JSON.parse(readFileSync(`${dir}/lab/lab.json`, 'utf8'));
const bench = { dir, lab, tree: `${dir}/tree`, stream: `${dir}/stream`, db: `${dir}/db`, made: 0 };
let broken = false;

const say = (text) => process.stderr.write(`bench: ${text}\n`);

function fillTree() {
  say(`writing a tree of ${MIB} MiB`);
  mkdirSync(bench.tree);
  makeTree(bench.tree, MIB * 1024 ** 2);
  // The first to read the tree fills the file system's cache for all that follow.
  execFileSync('tar', ['-C', '/', '-cf', `${dir}/out`, bench.tree.slice(1)]);
}

function fillStream() {
  mkdirSync(bench.stream);
  const large = `${dir}/large`;
  makeNoise(large, (MIB / 4) * 1024 ** 2);
  for (let i = 0; i < LINKS; i++) linkSync(large, `${bench.stream}/${i}`);
}

async function fillServer() {
  say(`filling a server with ${MYSQL_MIB} MiB`);
  await startServer(bench.db, MYSQL_MIB);
}

/** Ceph frees the space of deleted objects later; the lab has little of it. */
function reclaim() {
  const env = { ...process.env, CEPH_CONF: `${dir}/lab/ceph/ceph.conf` };
  execFileSync('radosgw-admin', ['gc', 'process', '--include-all'], {
    env,
    stdio: 'ignore',
    timeout: 60_000,
  });
}

/** Both sides of a case in turn: A B, B A, A B, … */
async function runCase(each) {
  say(each.title);
  if (each.first) await measure(each.first);
  const copy = each.prepare();
  const ours = typeof each.ours === 'function' ? each.ours(copy) : each.ours;
  const line = typeof each.shell === 'function' ? each.shell(copy) : each.shell;
  const sides = { ours, shell: ['bash', '-o', 'pipefail', '-c', line] };
  const rounds = [];
  const wanted = each.slow ? 1 : each.limit ? ROUNDS : FEW_ROUNDS;
  for (let round = 0; round < wanted; round++) {
    const results = {};
    for (const side of round % 2 ? ['ours', 'shell'] : ['shell', 'ours']) {
      await each.reset();
      execFileSync('sync', ['-f', dir]);
      results[side] = await measure(sides[side]);
    }
    rounds.push(results);
    say(`  ${results.ours.wall} s beside ${results.shell.wall} s`);
  }
  await each.done();
  const of = (pick) => median(rounds.map(pick));
  return {
    title: each.title,
    rounds: wanted,
    limit: each.limit,
    line: line.replaceAll(`${dir}/`, ''),
    seconds: of(({ ours: { wall } }) => wall),
    shellSeconds: of(({ shell: { wall } }) => wall),
    ratio: of(({ ours: a, shell: b }) => a.wall / b.wall),
    cpuRatio: of(({ ours: a, shell: b }) => a.cpu / b.cpu),
    peak: Math.max(...rounds.map(({ ours: { peak } }) => peak)),
  };
}

async function runStream(each) {
  say(`long stream: ${each.title}`);
  const { wall, peak } = await measure(each.ours);
  await each.done();
  return { title: each.title, limit: each.limit, seconds: wall, peak };
}

/** Makes the input when any of the cases is wanted. What cannot run is said, and the rest goes on. */
async function runAll(cases, run, makeInput) {
  const results = [];
  const wanted = cases.filter(({ title }) => ONLY.test(title));
  if (wanted.length > 0) await makeInput();
  for (const each of wanted) {
    try {
      const result = await run(each);
      results.push(result);
      say(JSON.stringify(result));
    } catch (error) {
      broken = true;
      say(error.message);
    }
    reclaim();
  }
  return results;
}

const files = await runAll(createCases(bench), runCase, fillTree);
const mysql = await runAll(createMysqlCases(bench), runCase, fillServer);
removeServer(bench.db);
const streams = await runAll(createStreams(bench), runStream, fillStream);
const streamSize = ((MIB / 4 / 1024) * LINKS).toFixed(1);
const tables = keepTables(
  [
    { title: `Time, a tree of ${MIB} MiB`, format: speedTable, results: files },
    { title: `Time, a MariaDB server with ${MYSQL_MIB} MiB of data`, format: speedTable, results: mysql },
    {
      title: `Memory, a stream of ${streamSize} GiB that does not compress`,
      format: streamTable,
      results: streams,
    },
  ],
  FULL && !broken,
);
process.stdout.write(tables);
process.exitCode = broken ? 1 : 0;
