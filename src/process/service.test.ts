import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessError } from '../errors.ts';
import { endUsersOf } from './end-users.ts';
import { type Service, startService } from './service.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'service-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A small program of sh; it writes its number to a file, and whatever else it wants to `$1`. */
const program = (script: string) => ({
  command: 'sh',
  args: ['-c', `echo $$ >"$1/pid"; ${script}`, 'sh', dir],
});
const isThere = (name: string) => existsSync(join(dir, name));
const pid = () => Number(readFileSync(join(dir, 'pid'), 'utf8'));
const isRunning = () => existsSync(`/proc/${pid()}`);
const never = new AbortController().signal;

const start = (script: string, more: Partial<Parameters<typeof startService>[1]> = {}): Promise<Service> =>
  startService(program(script), {
    isReady: () => Promise.resolve(isThere('ready')),
    limitMs: 20_000,
    signal: never,
    ...more,
  });

const RUN = 'while :; do sleep 0.1; done';

describe('a service', () => {
  it('is there when it is ready, and gets the time to end that it needs', async () => {
    const service = await start(`trap 'sleep 0.5; : >"$1/ended"; exit 0' TERM; : >"$1/ready"; ${RUN}`);
    expect(isRunning()).toBe(true);
    expect(await service.stop(20_000)).toBeUndefined();
    expect([isThere('ended'), isRunning()]).toEqual([true, false]);
  });

  it('says how it ended', async () => {
    const bad = await start(`trap 'echo "the disk is full" >&2; exit 7' TERM; : >"$1/ready"; ${RUN}`);
    const failure = await bad.stop(20_000);
    expect(failure).toBeInstanceOf(ProcessError);
    expect(failure).toMatchObject({
      message: 'sh failed with exit code 7',
      stderr: expect.arrayContaining(['the disk is full']),
    });
    rmSync(join(dir, 'ready'));
    const killed = await start(`: >"$1/ready"; ${RUN}`);
    process.kill(pid(), 'SIGKILL');
    expect(await killed.ended).toMatchObject({ message: 'sh was killed by SIGKILL' });
  });

  it('is killed when it does not end in time, with what it has started', async () => {
    const service = await start(`trap '' TERM; sleep 600 & echo $! >"$1/child"; : >"$1/ready"; ${RUN}`);
    const child = Number(readFileSync(join(dir, 'child'), 'utf8'));
    expect(await service.stop(300)).toMatchObject({
      message: 'sh did not end within 0.3 seconds, and was killed',
    });
    expect(isRunning()).toBe(false);
    // Its own child is init's to reap.
    await expect.poll(() => stateOf(child)).toMatch(/^[Z]?$/);
  });

  it('that ends, is not ready in time, or is not wanted any more, is an error, and gone', async () => {
    await expect(start('echo "no room" >&2; exit 3')).rejects.toMatchObject({
      message: 'sh failed with exit code 3',
      stderr: ['no room'],
    });
    await expect(start('exit 0')).rejects.toThrow('sh ended at once');
    await expect(start(RUN, { limitMs: 500 })).rejects.toThrow('sh was not ready within 0.5 seconds');
    expect(isRunning()).toBe(false);
    const abort = new AbortController();
    const isReady = async (): Promise<boolean> => {
      await expect.poll(() => isThere('pid')).toBe(true);
      abort.abort(new Error('not wanted'));
      return false;
    };
    await expect(start(RUN, { isReady, signal: abort.signal })).rejects.toThrow('not wanted');
    expect(isRunning()).toBe(false);
    await expect(
      start(`trap '' TERM; ${RUN}`, { isReady: () => Promise.reject(new Error('no answer')) }),
    ).rejects.toThrow('no answer');
    expect(isRunning()).toBe(false);
  });

  it('that is not installed is named', async () => {
    await expect(
      startService(
        { command: '/no/such/program', args: [], debianPackage: 'server' },
        { isReady: () => Promise.resolve(false), limitMs: 20_000, signal: never },
      ),
    ).rejects.toThrow('/no/such/program is not installed');
  });

  it('whose lifeline was killed with its owner is found by a folder in its arguments', async () => {
    const service = await start(`: >"$1/ready"; exec sh -c '${RUN}' sh "$1/"`);
    expect(isRunning()).toBe(true);
    await endUsersOf(dir);
    await service.ended;
    expect(isRunning()).toBe(false);
  });
});

/** Empty when there is no such process. */
function stateOf(number: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${number}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
