// The built command without the stage that stands in front of mbstream in a restore, to tell what that costs.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILE = 'jobs/restore/rebuild-mysql.js';
const STAGE = /^\s*guard: \(\) => new XbstreamGuard\(dialect\),\n/m;

/** Copies the build whose main file is `main` to `dir`, without the guard. Returns its main file there. */
export function copyUnguarded(main, dir) {
  const [dist, copy] = [dirname(dirname(main)), join(dir, 'dist')];
  cpSync(dist, copy, { recursive: true });
  for (const name of ['node_modules', 'package.json']) symlinkSync(join(dist, '..', name), join(dir, name));
  const text = readFileSync(join(copy, FILE), 'utf8');
  const without = text.replace(STAGE, '');
  if (without === text) throw new Error(`The guard is no longer in ${FILE}`);
  writeFileSync(join(copy, FILE), without);
  return join(copy, 'cli/main.js');
}
