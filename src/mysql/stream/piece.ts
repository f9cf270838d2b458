import type { LogBytes } from './log-events.ts';

/** So many events are joined at the latest: what an event takes besides its bytes would else be most of the memory. */
const MAX_EVENTS = 256;

/** Bytes of a log that follow each other, which came as events. */
export class Piece {
  readonly binlog: string;
  readonly timeCreated: number;
  /** Where the first byte is in the log. */
  readonly from: number;
  /** When the first byte came. */
  readonly since: number;
  #events: Buffer[];
  #size: number;
  /** Bytes up to the last end of a transaction; 0 where there is none. */
  #complete: number;
  /** When the first byte behind that came. */
  #openSince: number;

  constructor({ binlog, timeCreated, from, bytes, isEnd }: LogBytes, now: number) {
    [this.binlog, this.timeCreated, this.from] = [binlog, timeCreated, from];
    [this.since, this.#openSince] = [now, now];
    [this.#events, this.#size] = [[bytes], bytes.length];
    this.#complete = isEnd ? bytes.length : 0;
  }

  get size(): number {
    return this.#size;
  }

  get complete(): number {
    return this.#complete;
  }

  /** Adds the event that follows. */
  add({ bytes, isEnd }: LogBytes, now: number): void {
    if (this.#size === this.#complete) this.#openSince = now;
    this.#events.push(bytes);
    this.#size += bytes.length;
    if (isEnd) this.#complete = this.#size;
    if (this.#events.length === MAX_EVENTS) this.join();
  }

  /** Counts what is open as complete: the log has ended. */
  end(): void {
    this.#complete = this.#size;
  }

  /** Makes one buffer of all, which shares its memory with nothing that came between. */
  join(): Buffer {
    const bytes = this.#events.length === 1 ? this.#events[0] : undefined;
    const joined = bytes ?? Buffer.concat(this.#events, this.#size);
    this.#events = [joined];
    return joined;
  }

  /** Forgets what lies behind the last end of a transaction. */
  dropOpen(): void {
    this.#events = [this.join().subarray(0, this.#complete)];
    this.#size = this.#complete;
  }

  /** What lies behind the last end of a transaction; undefined where nothing does. */
  rest(): Piece | undefined {
    if (this.#size === this.#complete) return undefined;
    const { binlog, timeCreated } = this;
    const bytes = this.join().subarray(this.#complete);
    const from = this.from + this.#complete;
    return new Piece({ binlog, timeCreated, from, bytes, isEnd: false }, this.#openSince);
  }
}
