import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { Lab } from './lab.ts';

const script = fileURLToPath(new URL('lab', import.meta.url));
const run = (...args: string[]): void => {
  execFileSync(script, args, { stdio: ['ignore', 'ignore', 'inherit'] });
};

/** Runs once before the tests that need servers: takes the lab named by TWINDB_LAB, else starts one for this run. */
export default function setup(project: TestProject): (() => void) | undefined {
  const kept = process.env['TWINDB_LAB'];
  if (kept) {
    provide(project, kept);
    return undefined;
  }
  // Not os.tmpdir(): sockets lie in it and their paths must be short.
  const dir = mkdtempSync('/tmp/twindb-');
  run('up', dir, String(process.pid));
  provide(project, dir);
  return () => run('down', dir);
}

function provide(project: TestProject, dir: string): void {
  const lab: Lab = JSON.parse(readFileSync(`${dir}/lab.json`, 'utf8'));
  project.provide('lab', lab);
}
