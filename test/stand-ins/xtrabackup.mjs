/**
 * A stand-in for Percona XtraBackup, which is in no Debian suite: it takes the options and writes the messages and files of the
 * series that STAND_IN_SERIES names. A copy of it is one of the data directory at rest: under FLUSH TABLES WITH READ LOCK, when
 * the checkpoint has come up with the log. So it makes real copies of a server that can wait, with increments by page.
 * STAND_IN_FAULT=die: it is killed half-way through the stream.
 */
import { prepare } from './xtrabackup-prepare.mjs';
import { aboutSeries, optionsOf } from './xtrabackup-series.mjs';

const series = process.env['STAND_IN_SERIES'];
const { version, server } = aboutSeries(series);
const known = optionsOf(series);

const now = () => new Date().toISOString();
/** A message on stderr in the form of the series. @param {string} text */
const say = (text) => {
  const old = `xtrabackup: ${text}`;
  const young = `${now().replace('Z', '000Z')} 0 [Note] [MY-011825] [Xtrabackup] ${text}`;
  process.stderr.write(`${series === '2.4' ? old : young}\n`);
};

function sayCompleted() {
  const time = now();
  const short = `${time.slice(2, 10).replaceAll('-', '')} ${time.slice(11, 19)}`;
  if (series === '2.4') process.stderr.write(`${short} completed OK!\n`);
  else say('completed OK!');
}

/** Options must be ` --name=value`; the first may name the file with the client's options. */
function readOptions(args) {
  const options = {};
  for (const arg of args) {
    const [, name = '', value = ''] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const isFirst = arg === args[0] && (name === 'defaults-file' || name === 'no-defaults');
    if (!isFirst && ![...known.client, ...known.server].includes(name))
      throw new Error(`unknown option '${arg}'`);
    options[name] = value;
  }
  return options;
}

function printHelp() {
  const lines = [...known.client, ...known.server].map(
    (name) => `  --${name}=name \n                      .\n`,
  );
  process.stdout.write(
    `Usage: [xtrabackup [--defaults-file=#] --backup | --prepare] [OPTIONS]\n${lines.join('')}`,
  );
}

async function run() {
  const options = readOptions(process.argv.slice(2));
  const line = `xtrabackup version ${version} based on MySQL server ${server} Linux (x86_64) (revision id: 0000000)`;
  if ('help' in options) return printHelp();
  process.stderr.write(`${line}\n`);
  if ('version' in options) return;
  if ('backup' in options) {
    // Only then, as loading the client takes longer than all else.
    const { backUp } = await import('./xtrabackup-backup.mjs');
    await backUp(options, { series, say, fault: process.env['STAND_IN_FAULT'] });
  } else if ('prepare' in options) prepare(options, { series, say });
  else throw new Error('nothing to do');
  sayCompleted();
}

await run().catch((error) => {
  say(`error: ${error.message}`);
  process.exitCode = 1;
});
