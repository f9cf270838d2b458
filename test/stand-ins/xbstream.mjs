/** A stand-in for xbstream, which is in no Debian suite: `-x -C DIR` unpacks standard input. mbstream reads the same. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unpackFiles } from './xbstream-format.mjs';

const [extract, change, dir] = process.argv.slice(2);
try {
  if (extract !== '-x' || change !== '-C' || dir === undefined) throw new Error('unknown option');
  statSync(dir);
  for (const [path, content] of unpackFiles(readFileSync(0))) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
} catch (error) {
  process.stderr.write(`xbstream: ${error.message}\n`);
  process.exitCode = 1;
}
