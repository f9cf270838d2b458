// The built command with mbstream in place of our own unpacker, and nothing in front of it, to tell what trusting no copy costs.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILE = 'jobs/restore/rebuild-mysql.js';
const STAGE = 'new XbstreamUnpack(dir)';
const PROGRAM = "({ command: 'mbstream', args: ['-x', '-C', dir], debianPackage: 'mariadb-backup' })";

/** Copies the build whose main file is `main` to `dir`, without looking at streams. Returns its main file there. */
export function copyUnguarded(main, dir) {
  const [dist, copy] = [dirname(dirname(main)), join(dir, 'dist')];
  cpSync(dist, copy, { recursive: true });
  for (const name of ['node_modules', 'package.json']) symlinkSync(join(dist, '..', name), join(dir, name));
  const text = readFileSync(join(copy, FILE), 'utf8');
  const without = text.replace(STAGE, PROGRAM);
  if (without === text) throw new Error(`The unpacker is no longer in ${FILE}`);
  writeFileSync(join(copy, FILE), without);
  return join(copy, 'cli/main.js');
}
