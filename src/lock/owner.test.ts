import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { deadOwner, ownerOfAnotherBoot, ownerWith, STRANGERS } from '../../test/fixtures/owners.ts';
import { isAbandoned, newPartialName, ownerState } from './owner.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function startChild(command: string, ...args: string[]): Promise<ChildProcess & { pid: number }> {
  const child = spawn(command, args, { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

function startOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[21] ?? '';
}

const asked = (): never => {
  throw new Error('the name alone decides');
};

describe('a name', () => {
  it('is one short segment of a path, never the same', () => {
    const names = Array.from({ length: 100 }, newPartialName);
    for (const name of names) expect(name).toMatch(/^[0-9a-f-]{40,69}$/);
    expect(new Set(names).size).toBe(100);
  });

  it('of this process is alive, and never abandoned', async () => {
    expect(ownerState(newPartialName())).toBe('alive');
    expect(await isAbandoned(newPartialName(), asked)).toBe(false);
  });

  it('of a process that has ended is abandoned at once, also when its number was given again', async () => {
    for (const name of [deadOwner(), ownerWith({ start: '1' })]) {
      expect(ownerState(name)).toBe('dead');
      expect(await isAbandoned(name, asked)).toBe(true);
    }
  });

  it('of a process that nobody waits for is abandoned: it writes no more', async () => {
    // The shell becomes a program that never asks what has become of the child.
    const parent = await startChild('sh', '-c', 'sleep 0.1 & exec sleep 60');
    const file = `/proc/${parent.pid}/task/${parent.pid}/children`;
    const readPid = () => readFileSync(file, 'utf8').trim();
    await expect.poll(readPid).toMatch(/^\d+$/);
    const pid = readPid();
    const name = ownerWith({ pid, start: startOf(Number(pid)) });
    expect(ownerState(name)).toBe('alive');
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[2]).toBe('Z');
    expect(ownerState(name)).toBe('dead');
  });

  it('of another process that runs is alive', async () => {
    const { pid } = await startChild('sleep', '60');
    expect(ownerState(ownerWith({ pid, start: startOf(pid) }))).toBe('alive');
  });
});

describe('what cannot be looked up from here', () => {
  const day = 24 * 3_600_000;

  it.each(Object.entries(STRANGERS))('%s: is abandoned after a day without a write', async (_who, owner) => {
    expect(ownerState(owner())).toBe('stranger');
    expect(await isAbandoned(owner(), () => day - 1)).toBe(false);
    expect(await isAbandoned(owner(), () => day + 1)).toBe(true);
    expect(await isAbandoned(owner(), () => -day)).toBe(false);
  });

  it('an earlier boot is abandoned when nothing was written since this one, or for a day', async () => {
    const patience = Math.min(day, uptime() * 1000);
    expect(await isAbandoned(ownerOfAnotherBoot(), () => patience - 60_000)).toBe(false);
    expect(await isAbandoned(ownerOfAnotherBoot(), () => patience + 60_000)).toBe(true);
  });
});
