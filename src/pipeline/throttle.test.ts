import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { type Clock, createRateLimit } from './rate-limit.ts';
import { runPipeline } from './run-pipeline.ts';
import { throttled } from './throttle.ts';

const MIB = 1024 ** 2;
const never = new AbortController().signal;

/** A clock that only sleeping moves, or whoever holds it. Each sleeper wakes `late` milliseconds after its time, in the order of the times. */
class FakeClock implements Clock {
  #now = 0;
  readonly #late: () => number;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(late: () => number = () => 0) {
    this.#late = late;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number): Promise<void> {
    const at = this.#now + ms + this.#late();
    return new Promise((wake) => {
      this.#sleepers.push({ at, wake });
      // When all that can run has run, the first sleeper is next.
      setImmediate(() => {
        this.#sleepers = this.#sleepers.toSorted((a, b) => a.at - b.at);
        const next = this.#sleepers.shift();
        this.#now = Math.max(this.#now, next?.at ?? 0);
        next?.wake();
      });
    });
  }
}

function chunks(count: number, size: number): Readable {
  return Readable.from(
    (function* () {
      const chunk = Buffer.alloc(size);
      for (let index = 0; index < count; index++) yield chunk;
    })(),
    { objectMode: false },
  );
}

class Sink extends Writable {
  readonly sizes: number[] = [];

  get bytes(): number {
    return this.sizes.reduce((sum, size) => sum + size, 0);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.sizes.push(chunk.length);
    callback();
  }
}

function expectRate(bytes: number, ms: number, rate: number): void {
  expect(bytes / (ms / 1000) / rate).toBeGreaterThan(0.95);
  expect(bytes / (ms / 1000) / rate).toBeLessThan(1.05);
}

describe('a limit of bytes a second', () => {
  it.each([
    ['small chunks, a low rate', 64 * 1024, 256, 4096],
    ['chunks as large as ten seconds', MIB / 8, 8, (MIB * 10) / 8],
    ['a rate far above what a timer can tell apart', 1024 * MIB, 512, MIB],
  ])('is kept within 5 %%: %s', async (_what, rate, count, size) => {
    const clock = new FakeClock();
    const sink = new Sink();
    await runPipeline([chunks(count, size), ...throttled(createRateLimit(rate, clock)), sink], never);
    expect(sink.bytes).toBe(count * size);
    expectRate(sink.bytes, clock.now(), rate);
  });

  it('is kept when every timer is late', async () => {
    let turn = 0;
    const clock = new FakeClock(() => (turn++ * 37) % 100);
    const sink = new Sink();
    await runPipeline([chunks(64, MIB), ...throttled(createRateLimit(4 * MIB, clock)), sink], never);
    expectRate(sink.bytes, clock.now(), 4 * MIB);
  });

  it('is one for all streams that share it', async () => {
    const clock = new FakeClock();
    const limit = createRateLimit(4 * MIB, clock);
    const sinks = [new Sink(), new Sink(), new Sink()];
    await Promise.all(sinks.map((sink) => runPipeline([chunks(16, MIB), ...throttled(limit), sink], never)));
    expectRate(48 * MIB, clock.now(), 4 * MIB);
  });

  it('does not make up for a pause', async () => {
    const clock = new FakeClock();
    const limit = createRateLimit(MIB, clock);
    clock.advance(60_000);
    await limit.pass(10 * MIB, never);
    expectRate(10 * MIB, clock.now() - 60_000, MIB);
  });
});

describe('the stage', () => {
  it('lets large chunks through in pieces', async () => {
    const sink = new Sink();
    await runPipeline([chunks(1, MIB), ...throttled(createRateLimit(MIB, new FakeClock())), sink], never);
    expect(Math.max(...sink.sizes)).toBeLessThanOrEqual(MIB / 20 + 1);
  });

  it('changes nothing of the bytes', async () => {
    const given = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
    const taken: Buffer[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        taken.push(chunk);
        callback();
      },
    });
    const stages = throttled(createRateLimit(MIB, new FakeClock()));
    await runPipeline([Readable.from([given], { objectMode: false }), ...stages, sink], never);
    expect(Buffer.concat(taken).equals(given)).toBe(true);
  });

  it('is none without a limit', () => {
    expect(throttled(undefined)).toEqual([]);
  });

  it('does not keep a run that is ended', async () => {
    const stop = new AbortController();
    // An hour for what is waiting, by the real clock.
    const limit = createRateLimit(64 * 1024);
    await limit.pass(0, never);
    void limit.pass(3600 * 64 * 1024, stop.signal).catch(() => undefined);
    setImmediate(() => stop.abort(new InterruptedError('SIGTERM')));
    await expect(
      runPipeline([chunks(4, MIB), ...throttled(limit), new Sink()], stop.signal),
    ).rejects.toBeInstanceOf(InterruptedError);
  });
});
