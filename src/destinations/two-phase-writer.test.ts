import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { describeError } from '../errors.ts';
import { createTwoPhaseWriter, type TwoPhaseWrite } from './two-phase-writer.ts';

type Step = keyof TwoPhaseWrite;

/** A write whose steps are noted down; those named in `held` wait for `release`, those in `failing` fail. */
function makeWriter({ held = [], failing = [] }: { held?: readonly Step[]; failing?: readonly Step[] } = {}) {
  const steps: string[] = [];
  const warnings: string[] = [];
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const step = (name: Step) => async (): Promise<void> => {
    steps.push(name);
    if (held.includes(name)) await released;
    if (failing.includes(name)) throw new Error(`${name} failed`);
    if (held.includes(name)) steps.push(`${name} ended`);
  };
  let fail = (_cause: unknown): void => {};
  const stream = createTwoPhaseWriter(
    (signal, failNow) => {
      fail = failNow;
      signal.addEventListener('abort', () => steps.push('aborted'));
      return { open: step('open'), write: step('write'), commit: step('commit'), undo: step('undo') };
    },
    {
      place: 'there/x',
      explain: (cause) => new Error('Cannot write there/x', { cause }),
      log: { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} },
      highWaterMark: 10,
    },
  );
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve);
  });
  return { stream, steps, warnings, closed, release: () => release(), fail: (cause: unknown) => fail(cause) };
}

describe('a two-phase writer', () => {
  it('opens at once, writes, commits, and undoes nothing after that', async () => {
    const { stream, steps, closed } = makeWriter();
    await turn();
    expect(steps).toEqual(['open']);
    stream.end('bytes');
    await closed;
    expect(steps).toEqual(['open', 'write', 'commit']);
    expect(stream.writableFinished).toBe(true);
  });

  it.each(['open', 'write', 'commit'] as const)(
    'destroyed during %s: the signal aborts at once, the step is waited for, then undone',
    async (held) => {
      const { stream, steps, closed, release } = makeWriter({ held: [held] });
      stream.end('bytes');
      while (!steps.includes(held)) await turn();
      stream.destroy(new Error('stop'));
      await turn();
      expect(steps.at(-1)).toBe('aborted');
      expect(stream.closed).toBe(false);
      release();
      await closed;
      expect(steps.slice(-3)).toEqual(['aborted', `${held} ended`, 'undo']);
      expect(stream.errored?.message).toBe('stop');
      expect(stream.writableFinished).toBe(false);
    },
  );

  it.each(['open', 'write', 'commit'] as const)(
    'ends with the explained failure of %s, and undoes what was done',
    async (failing) => {
      const { stream, steps, closed } = makeWriter({ failing: [failing] });
      stream.end('bytes');
      await closed;
      expect(steps.slice(-3)).toEqual([failing, 'aborted', 'undo']);
      expect(describeError(stream.errored)).toBe(`Cannot write there/x: ${failing} failed`);
    },
  );

  it('goes on to no step after one that has failed', async () => {
    const { stream, steps, closed } = makeWriter({ failing: ['open'] });
    stream.write('bytes');
    stream.end();
    await closed;
    expect(steps).toEqual(['open', 'aborted', 'undo']);
  });

  it.each(['open', 'commit'] as const)(
    'ends with what fails beside the steps, at once, and undoes when %s has ended',
    async (held) => {
      const { stream, steps, closed, release, fail } = makeWriter({ held: [held] });
      stream.end('bytes');
      while (!steps.includes(held)) await turn();
      fail(new Error('a part failed'));
      await turn();
      expect(steps.at(-1)).toBe('aborted');
      expect(describeError(stream.errored)).toBe('Cannot write there/x: a part failed');
      release();
      await closed;
      expect(steps.slice(-3)).toEqual(['aborted', `${held} ended`, 'undo']);
      expect(stream.writableFinished).toBe(false);
    },
  );

  it('warns of an undo that fails after the failure that is reported', async () => {
    const { stream, warnings, closed } = makeWriter({ failing: ['write', 'undo'] });
    stream.end('bytes');
    await closed;
    expect(describeError(stream.errored)).toContain('write failed');
    expect(warnings).toEqual([
      expect.stringMatching(/^Cannot clean up after the unfinished there\/x: .*undo failed\nThe next run/),
    ]);
  });

  it('ends with the failure of an undo when nothing else has failed', async () => {
    const { stream, warnings, closed } = makeWriter({ failing: ['undo'] });
    stream.destroy();
    await closed;
    expect(describeError(stream.errored)).toContain('Cannot clean up after the unfinished there/x');
    expect(warnings).toEqual([]);
  });
});
