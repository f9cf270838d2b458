import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requireAnswer } from './require-answer.ts';

let dir: string;
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  environment = { ...process.env };
  dir = mkdtempSync(join(tmpdir(), 'twindb-answer-'));
});
afterEach(() => {
  process.env = environment;
  rmSync(dir, { recursive: true });
});

const { signal } = new AbortController();

/** Stands in for a file system that is frozen: a `stat` that no signal but SIGKILL ends. */
function freeze(): void {
  mkdirSync(join(dir, 'bin'));
  writeFileSync(
    join(dir, 'bin', 'stat'),
    "#!/bin/sh\ntrap '' TERM\nfor i in $(seq 80); do sleep 0.1; done\n",
  );
  chmodSync(join(dir, 'bin', 'stat'), 0o755);
  process.env['PATH'] = `${dir}/bin:${process.env['PATH']}`;
}

it('a file system that answers is enough, also when there is nothing at the path', async () => {
  await requireAnswer(dir, signal);
  await requireAnswer(join(dir, '-absent'), signal);
});

it('one that does not answer is an error after the time, which does not wait for the program', async () => {
  freeze();
  const before = Date.now();
  await expect(requireAnswer('/mnt/nas', signal, 500)).rejects.toMatchObject({
    message: 'its file system has not answered for 0.5 s',
    remedy: 'See whether the server of the mount that /mnt/nas is on still runs.',
  });
  expect(Date.now() - before).toBeLessThan(3000);
});

it('the signal ends the wait at once', async () => {
  freeze();
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('SIGTERM')), 200);
  const before = Date.now();
  await expect(requireAnswer('/mnt/nas', abort.signal)).rejects.toThrow('SIGTERM');
  expect(Date.now() - before).toBeLessThan(3000);
});
