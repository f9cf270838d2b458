import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyPages, formatPairs, isPaged, readPairs } from './innodb-files.mjs';
import { optionsOf } from './xtrabackup-series.mjs';

/** Makes a data directory of a copy, with an incremental one or without, by the rules of the real program. */
export function prepare(options, { series, say }) {
  const target = options['target-dir'];
  requireKnown(target, series);
  if (!/^\d+$/.test(options['use-memory'] ?? '0')) throw new Error('invalid --use-memory');
  const checkpoints = readPairs(join(target, 'xtrabackup_checkpoints'));
  const incremental = options['incremental-dir'];
  if (checkpoints['backup_type'] === 'full-prepared') say('This target seems to be already prepared.');
  else say('This target seems to be not prepared yet.');
  let lsn = checkpoints['to_lsn'];
  if (incremental !== undefined) {
    const youngest = readPairs(join(incremental, 'xtrabackup_checkpoints'));
    requireFitting(checkpoints, youngest);
    apply(target, incremental);
    lsn = youngest['to_lsn'];
  }
  const type = 'apply-log-only' in options ? 'log-applied' : 'full-prepared';
  writeFileSync(
    join(target, 'xtrabackup_checkpoints'),
    formatPairs({ ...checkpoints, backup_type: type, to_lsn: lsn, last_lsn: lsn }),
  );
}

/** The program ends at any option in that file that it does not know. */
function requireKnown(target, series) {
  const known = optionsOf(series).server;
  for (const line of readFileSync(join(target, 'backup-my.cnf'), 'utf8').split('\n')) {
    const name = /^([a-z]\w*)/.exec(line)?.[1];
    if (name && !known.includes(name.replaceAll('_', '-'))) throw new Error(`unknown variable '${line}'`);
  }
}

function requireFitting(base, youngest) {
  if (base['backup_type'] !== 'log-applied') {
    throw new Error('applying incremental backup needs target prepared with --apply-log-only.');
  }
  if (youngest['backup_type'] !== 'incremental' || youngest['from_lsn'] !== base['to_lsn']) {
    throw new Error('This incremental backup seems not to be proper for the target.');
  }
}

const KEPT = ['xtrabackup_checkpoints', 'backup-my.cnf'];

function apply(target, incremental) {
  const names = listFiles(incremental);
  for (const path of listFiles(target)) {
    const isGone = isPaged(path) && !names.includes(path) && !names.includes(`${path}.delta`);
    // Redo logs of another time would be applied again.
    if (isGone || path.startsWith('#innodb_redo/')) rmSync(join(target, path));
  }
  for (const path of names.filter((name) => !KEPT.includes(name) && !name.endsWith('.meta'))) {
    const place = join(target, path.replace(/\.delta$/, ''));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(
      place,
      path.endsWith('.delta') ? merge(place, incremental, path) : readFileSync(join(incremental, path)),
    );
  }
}

function merge(place, incremental, path) {
  const { file_size: size } = readPairs(join(incremental, path.replace(/\.delta$/, '.meta')));
  return applyPages(readIfThere(place), readFileSync(join(incremental, path)), Number(size));
}

function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function listFiles(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}
