import { setTimeout as delay } from 'node:timers/promises';
import type { StreamedName } from '../../copies/streamed-part.ts';
import type { LogBytes } from '../../mysql/stream/log-events.ts';
import { type CutPart, PartCutter } from '../../mysql/stream/part-cutter.ts';
import type { JobContext } from '../job-context.ts';
import { Change } from './change.ts';
import { storePart } from './store-part.ts';
import { Trouble } from './trouble.ts';

/** How long to wait before a part is stored once more, in milliseconds; twice as long each time, up to the second. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** How far the parts have come. */
export interface Stored {
  /** The last part; undefined before the first. */
  readonly last: (StreamedName & { readonly to: number; readonly at: Date }) | undefined;
  /** Bytes of logs, and of objects, since the service was started. */
  readonly logBytes: number;
  readonly objectBytes: number;
  /** How long the oldest byte that is not stored has waited, in seconds; 0 when none waits. */
  readonly oldest: number;
}

/**
 * Stores what it is given as parts, one after the other, so that a part is only there when all before it are: each `interval` seconds, or when there is
 * enough for one. A part that cannot be stored is tried again until it can be; meanwhile as much as `memory` waits, and `add` waits beyond that.
 */
export class PartStore {
  readonly #context: JobContext;
  readonly #cutter: PartCutter;
  readonly #trouble: Trouble;
  readonly #onLog: () => void;
  #serverIdentity = '';
  /** The part that is being stored. */
  #storing: CutPart | undefined;
  #isFlushing = false;
  /** Set when `run` has ended with an error. */
  #failure: { readonly error: unknown } | undefined;
  readonly #changed = new Change();
  #stored: Omit<Stored, 'oldest'> = { last: undefined, logBytes: 0, objectBytes: 0 };

  /** `onLog` is called when the first part of a log is stored, and so all of the one before it. */
  constructor(context: JobContext, onLog: () => void) {
    this.#context = context;
    this.#onLog = onLog;
    this.#cutter = new PartCutter(context.config.stream.partSize);
    this.#trouble = new Trouble(context.log);
  }

  get stored(): Stored {
    const since = this.#storing?.since ?? this.#cutter.since;
    const oldest = since === undefined ? 0 : (performance.now() - since) / 1000;
    return { ...this.#stored, oldest };
  }

  /** Of which server all is that is added from now on. Nothing of another one may wait. */
  begin(serverIdentity: string): void {
    this.#serverIdentity = serverIdentity;
  }

  /** Adds what comes next; waits until there is room for more. Throws when `run` has failed. */
  async add(next: LogBytes): Promise<void> {
    this.#cutter.add(next, performance.now());
    this.#changed.happen();
    while (this.#bytes >= this.#context.config.stream.memory) {
      if (this.#failure) throw this.#failure.error;
      // The beginning of a transaction that is larger than the memory leaves it in pieces.
      if (!this.#cutter.canCut && this.#storing === undefined) return;
      await this.#changed.next();
    }
  }

  /** Stores what waits up to the last complete transaction, and forgets the rest. Throws when `run` has failed. */
  async drain(): Promise<void> {
    this.#cutter.dropOpen();
    this.#isFlushing = true;
    try {
      for (
        this.#changed.happen();
        this.#cutter.canCut || this.#storing !== undefined;
        await this.#changed.next()
      ) {
        if (this.#failure) throw this.#failure.error;
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Stores parts until the signal of the context aborts, and throws its reason. */
  async run(): Promise<never> {
    const { signal } = this.#context;
    signal.addEventListener('abort', () => this.#changed.happen(), { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const wait = this.#wait();
        if (wait === 0) {
          this.#storing = this.#cutter.cut();
          if (this.#storing) await this.#store(this.#storing);
          this.#storing = undefined;
          this.#changed.happen();
        } else await this.#sleep(wait);
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      this.#storing = undefined;
      this.#changed.happen();
    }
  }

  get #bytes(): number {
    return this.#cutter.bytes + (this.#storing?.bytes.length ?? 0);
  }

  /** How long the next part has to wait, in milliseconds; undefined while there is nothing to make one of. */
  #wait(): number | undefined {
    const { interval, partSize, memory } = this.#context.config.stream;
    const { canCut, since = 0, bytes } = this.#cutter;
    if (!canCut) return undefined;
    if (this.#isFlushing || bytes >= Math.min(partSize, memory)) return 0;
    return Math.max(since + interval * 1000 - performance.now(), 0);
  }

  async #sleep(milliseconds: number | undefined): Promise<void> {
    const timer =
      milliseconds === undefined ? undefined : setTimeout(() => this.#changed.happen(), milliseconds);
    await this.#changed.next();
    clearTimeout(timer);
  }

  async #store(part: CutPart): Promise<void> {
    const { signal, destination } = this.#context;
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(2 * pause, LAST_RETRY_MS)) {
      try {
        const size = await storePart(part, this.#serverIdentity, this.#context);
        const { logBytes, objectBytes } = this.#stored;
        this.#stored = {
          last: { binlog: part.binlog, timeCreated: part.timeCreated, to: part.to, at: this.#context.now() },
          logBytes: logBytes + part.bytes.length,
          objectBytes: objectBytes + size,
        };
        if (part.from === 0) this.#onLog();
        this.#trouble.over(`Parts of binary logs are stored at ${destination.url} again`);
        return;
      } catch (error) {
        signal.throwIfAborted();
        const age = Math.round(this.stored.oldest);
        this.#trouble.failed(
          error,
          `The oldest byte of a binary log that is not stored has waited for ${age} seconds. It is tried again until it is stored.`,
        );
        await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }
}
