// The tables, as Markdown, and their place in docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
/** What else the machine was doing, as this program began. */
const LOAD = loadavg()[0];
/** As this program began, like the load: hours may pass. */
const COMMIT = describeCommit();
const BEGIN = '<!-- Written by make bench, from here -->\n';
const END = '<!-- to here -->\n';

const table = (head, rows) =>
  [head, head.map((_, column) => (column === 0 ? '---' : '--:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');

/** The cases beside the shell's lines, and the lines themselves. */
export function speedTable(results) {
  const rows = results.map((r) => [
    r.title,
    r.rounds,
    r.seconds.toFixed(1),
    r.shellSeconds.toFixed(1),
    `**${r.ratio.toFixed(2)}**`,
    r.limit ?? '',
    r.cpuRatio.toFixed(2),
    Math.ceil(r.peak),
  ]);
  const head = ['job', 'rounds', 'ours, s', 'shell, s', 'ratio', 'at most', 'CPU ratio', 'memory, MB'];
  const lines = results.map((r) => `    ${r.title}\n        ${r.line}\n`);
  return `${table(head, rows)}\nThe lines of the shell, with the folder of the run cut off:\n\n${lines.join('')}`;
}

/** The long streams and the memory they took. */
export function streamTable(results) {
  const rows = results.map((r) => [r.title, r.seconds.toFixed(1), Math.ceil(r.peak), r.limit]);
  return table(['stream', 's', 'memory, MB', 'at most'], rows);
}

/** All that a run has to say; with `write` it replaces what the last run left in the document. */
export function keepTables(sections, write) {
  const parts = sections
    .filter(({ results }) => results.length > 0)
    .map(({ title, format, results }) => `### ${title}\n\n${format(results)}`);
  const text = `\n${new Date().toISOString().slice(0, 10)}, ${COMMIT}: ${describeMachine()}.\n\n${parts.join('\n')}\n`;
  if (write) {
    const document = readFileSync(DOCUMENT, 'utf8');
    const [before, rest] = document.split(BEGIN);
    const after = rest?.split(END)[1];
    if (after === undefined) throw new Error(`${DOCUMENT} has lost the marks between which the tables go`);
    writeFileSync(DOCUMENT, `${before}${BEGIN}${text}${END}${after}`);
  }
  return text;
}

function firstLine(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8' }).split('\n')[0];
}

function describeMachine() {
  const zstd = /v[\d.]+/.exec(firstLine('zstd', '--version'))?.[0];
  return [
    `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}`,
    `${Math.round(totalmem() / 1024 ** 3)} GiB of memory`,
    `load average ${LOAD.toFixed(1)} before the start`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    firstLine('tar', '--version'),
    `zstd ${zstd}`,
    `MariaDB ${/[\d.]+(?=-MariaDB)/.exec(firstLine('mariadbd', '--version'))?.[0]}`,
  ].join(', ');
}

/** What was measured, as far as a commit can tell: files that differ from it are no part of it. */
function describeCommit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', ':/').split('\n').filter(Boolean).length;
  const hash = git('rev-parse', '--short', 'HEAD');
  return changed === 0 ? `commit ${hash}` : `commit ${hash} with changes in ${changed} files`;
}
