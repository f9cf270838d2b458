// A process that runs commands one after the other through the command line's own code, so that each costs no start of Node: over IPC
// it gets the words of a command, and what is put in its way, and answers with what the command has printed and how it has ended.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import { arm } from './inject.mjs';

let printed = { 1: '', 2: '' };
const { writeSync } = fs;
fs.writeSync = (fd, bytes, ...rest) => {
  if (fd !== 1 && fd !== 2) return writeSync(fd, bytes, ...rest);
  const [offset = 0] = rest;
  const text = typeof bytes === 'string' ? bytes : bytes.subarray(offset).toString();
  printed[fd] += text;
  return Buffer.byteLength(text);
};
syncBuiltinESMExports();
// Each command listens to signals until the process ends.
process.setMaxListeners(0);

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const { run } = await import('../../dist/cli/run.js');

/** @param {{ words: string[], plan?: import('./inject.mjs').Plan }} asked */
async function answer({ words, plan }) {
  printed = { 1: '', 2: '' };
  arm(plan);
  const exitCode = await run([process.execPath, main, ...words]);
  arm();
  process.send?.({ exitCode, stdout: printed[1], stderr: printed[2] });
}

process.on('message', (asked) => void answer(asked));
process.on('disconnect', () => process.exit(0));
