import type { StreamedName } from '../../copies/streamed-part.ts';
import type { LogBytes } from './log-events.ts';

/** A part that is to be stored. */
export interface CutPart extends StreamedName {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
  /** When the oldest of its bytes came, in milliseconds, by the clock of `add`. */
  readonly since: number;
}

interface Waiting extends LogBytes {
  readonly since: number;
}

/**
 * Keeps what has come of logs until it is cut off as a part: at the end of a transaction, but for one that is larger than a part,
 * which is cut between two events. A part is of one log.
 */
export class PartCutter {
  readonly #partSize: number;
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** Of `#waiting`: how many end with the last end of a transaction, or with the last event of a log that has ended. */
  #complete = 0;

  /** `partSize`: a part has at least that many bytes when there are as many; and more, up to the end of a transaction. */
  constructor(partSize: number) {
    this.#partSize = partSize;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest of the waiting bytes came; undefined when none waits. */
  get since(): number | undefined {
    return this.#waiting[0]?.since;
  }

  /** Whether `cut` gives a part. */
  get canCut(): boolean {
    return this.#complete > 0 || this.#bytes >= this.#partSize;
  }

  /** Adds what follows, `now` being milliseconds of a clock that never jumps. */
  add(next: LogBytes, now: number): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && !isSameLog(last, next)) this.#complete = this.#waiting.length;
    this.#waiting.push({ ...next, since: now });
    this.#bytes += next.bytes.length;
    if (next.isEnd) this.#complete = this.#waiting.length;
  }

  /** Cuts off the next part; undefined when nothing waits but the beginning of a transaction. */
  cut(): CutPart | undefined {
    const [first] = this.#waiting;
    if (first === undefined || !this.canCut) return undefined;
    const limit = this.#complete > 0 ? this.#complete : this.#waiting.length;
    let [count, size] = [0, 0];
    for (const next of this.#waiting.slice(0, limit)) {
      if (!isSameLog(next, first)) break;
      count += 1;
      size += next.bytes.length;
      if (size >= this.#partSize && next.isEnd) break;
    }
    // Behind it no complete transaction is left where it is cut at the limit.
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#complete = Math.max(this.#complete - count, 0);
    this.#bytes -= size;
    const { binlog, timeCreated, from, since } = first;
    const bytes = Buffer.concat(
      taken.map((each) => each.bytes),
      size,
    );
    return { binlog, timeCreated, from, to: from + size, bytes, since };
  }

  /** Forgets the beginning of a transaction behind the last complete one: it will come again. */
  dropOpen(): void {
    const open = this.#waiting.splice(this.#complete);
    this.#bytes -= open.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

function isSameLog(a: StreamedName, b: StreamedName): boolean {
  return a.binlog === b.binlog && a.timeCreated === b.timeCreated;
}
