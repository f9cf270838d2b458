import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';

/** Every file below a folder, as paths from there; partial files too. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return paths.toSorted();
}

/** That no process works on anything below this folder. */
export function expectNoProcess(folder: string): void {
  const processes = execFileSync('ps', ['-eo', 'args']).toString().split('\n');
  expect(processes.filter((line) => line.includes(folder))).toEqual([]);
}
