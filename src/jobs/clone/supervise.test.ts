import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { Secret } from '../../config/secret.ts';
import { type StdinUse, watchOver } from './supervise.ts';

/** The supervisor, run by the shell of this machine, with a command below it; a second of silence is too long. */
function supervise(stdin: Exclude<StdinUse, 'data'>, words: readonly string[]) {
  const child = spawn('sh', ['-c', watchOver(stdin, 1), 'twindb-backup', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  return { child, ended: once(child, 'exit') as Promise<[number]>, said: text(child.stdout) };
}

it('a command ends when nothing was heard of us, as when the link was cut', async () => {
  const began = performance.now();
  const { ended } = supervise('lifeline', ['sleep', '60']);
  expect(await ended).toEqual([143, null]);
  expect(performance.now() - began).toBeLessThan(10_000);
});

it('a command goes on as long as we are heard of', async () => {
  const { child, ended } = supervise('lifeline', ['sleep', '2.5']);
  const beat = setInterval(() => child.stdin.write('.'), 200);
  expect(await ended).toEqual([0, null]);
  clearInterval(beat);
});

it('a command ends when we hang up', async () => {
  const { child, ended } = supervise('lifeline', ['sleep', '60']);
  child.stdin.end();
  expect(await ended).toEqual([143, null]);
});

it('a secret is what the command reads, and nothing else is', async () => {
  const { child, ended, said } = supervise(new Secret('unused here'), ['cat']);
  child.stdin.write("it's a $secret \\ `line`\n....");
  expect(await ended).toEqual([0, null]);
  expect((await said).replace(/^group \d+\n/, '')).toBe("it's a $secret \\ `line`\n");
});
