import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessError, TwinDbError } from '../errors.ts';
import { type Child, startChild } from './child.ts';
import type { Program } from './program.ts';

/** How often it is asked whether a service is ready, in milliseconds. */
const ASK_EACH_MS = 100;

/** A program that runs until it is told to end. It ends with this process, however that ends. */
export interface Service extends AsyncDisposable {
  /** Settles when it has ended, by itself or not; undefined: with exit 0. Never rejects. */
  readonly ended: Promise<ProcessError | undefined>;
  /**
   * Ends it: SIGTERM, and SIGKILL after `limitMs`. Resolves when nothing of it runs, with how it ended; a TwinDbError says that it had to be
   * killed.
   */
  stop(limitMs: number): Promise<TwinDbError | undefined>;
}

interface Start {
  /** Whether it does its work by now. What this throws ends the start. */
  readonly isReady: () => Promise<boolean>;
  /** How long that may take, in milliseconds. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** How long it may take to obey SIGTERM when it is no longer wanted, in milliseconds. */
const UNWANTED_MS = 2000;

/** How long its shell may take to kill it, before that is killed with it. */
const CUT_MS = 5000;

/**
 * Starts a service and waits until it is ready. Throws the ProcessError of one that ends before that, a TwinDbError after the limit, and the
 * reason of the signal; nothing runs then.
 */
export async function startService(
  program: Omit<Program, 'lifeline'>,
  { isReady, limitMs, signal }: Start,
): Promise<Service> {
  signal.throwIfAborted();
  const child = startChild({ ...program, lifeline: true }, 'pipe', 'ignore');
  // It is never written to; that the other end is closed is told by how the program ended.
  child.process.stdin?.on('error', () => undefined);
  try {
    await untilReady(child, { isReady, limitMs, signal });
  } catch (error) {
    await end(child, UNWANTED_MS);
    throw error;
  }
  return {
    ended: child.failure,
    stop: (stopLimitMs) => stop(child, stopLimitMs),
    async [Symbol.asyncDispose]() {
      await end(child, UNWANTED_MS);
    },
  };
}

async function untilReady(child: Child, { isReady, limitMs, signal }: Start): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  const { command } = child.program;
  const over = new AbortController();
  const given = new Promise<never>((_resolve, reject) => {
    const fail = (reason: unknown) => reject(reason);
    void child.failure.then((failure) => fail(failure ?? new TwinDbError(`${command} ended at once`)));
    const tooLong = () => fail(new TwinDbError(`${command} was not ready within ${limitMs / 1000} seconds`));
    signal.addEventListener('abort', () => fail(signal.reason), { signal: over.signal });
    limit.addEventListener('abort', tooLong, { signal: over.signal });
  });
  given.catch(() => undefined);
  try {
    while (!(await Promise.race([isReady(), given]))) {
      await Promise.race([delay(ASK_EACH_MS), given]);
    }
  } finally {
    over.abort();
  }
}

async function stop(child: Child, limitMs: number): Promise<TwinDbError | undefined> {
  const wasKilled = await end(child, limitMs);
  if (!wasKilled) return await child.failure;
  return new TwinDbError(
    `${child.program.command} did not end within ${limitMs / 1000} seconds, and was killed`,
  );
}

/**
 * SIGTERM, and after the limit the end of its lifeline: its shell kills it then, and ends when it is gone. SIGKILL to both would not say when
 * that is. Resolves with whether it came to that.
 */
async function end(child: Child, limitMs: number): Promise<boolean> {
  let wasCut = false;
  const timer = setTimeout(() => {
    wasCut = true;
    child.process.stdin?.destroy();
  }, limitMs);
  await child.kill(limitMs + CUT_MS);
  clearTimeout(timer);
  return wasCut;
}
