import type { StreamedName } from '../../copies/streamed-part.ts';
import type { LogBytes } from './log-events.ts';
import { Piece } from './piece.ts';

/** A part that is to be stored. */
export interface CutPart extends StreamedName {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
  /** When the oldest of its bytes came, in milliseconds, by the clock of `add`. */
  readonly since: number;
}

/** Events are joined to pieces of this size: see `Piece`. Bytes. */
const PIECE_SIZE = 64 * 1024;

/**
 * Keeps what has come of logs until it is cut off as a part: at the end of a transaction, but for one that is larger than a part,
 * which is cut between two events. A part is of one log.
 */
export class PartCutter {
  readonly #partSize: number;
  readonly #pieceSize: number;
  #waiting: Piece[] = [];
  #bytes = 0;
  /** Bytes up to the last end of a transaction, or the last event of a log that has ended. */
  #complete = 0;

  /** `partSize`: a part has about that many bytes when there are as many; and more, up to the end of a transaction. */
  constructor(partSize: number) {
    this.#partSize = partSize;
    this.#pieceSize = Math.min(partSize, PIECE_SIZE);
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
    if (last !== undefined && !isSameLog(last, next)) {
      last.end();
      this.#complete = this.#bytes;
    }
    if (last !== undefined && isSameLog(last, next) && last.size < this.#pieceSize) last.add(next, now);
    else {
      last?.join();
      this.#waiting.push(new Piece(next, now));
    }
    this.#bytes += next.bytes.length;
    if (next.isEnd) this.#complete = this.#bytes;
  }

  /** Cuts off the next part; undefined when nothing waits but the beginning of a transaction. */
  cut(): CutPart | undefined {
    const [first] = this.#waiting;
    if (first === undefined || !this.canCut) return undefined;
    const isOpen = this.#complete === 0;
    // Up to `end`, which is in the last of `count` pieces.
    let [size, end, count] = [0, 0, 0];
    for (const [index, piece] of this.#waiting.entries()) {
      if (!isSameLog(piece, first)) break;
      const length = isOpen ? piece.size : piece.complete;
      if (length > 0) [end, count] = [size + length, index + 1];
      size += piece.size;
      if (!isOpen && end >= this.#partSize) break;
    }
    const taken = this.#waiting.slice(0, count);
    const rest = isOpen ? undefined : taken.at(-1)?.rest();
    this.#waiting = [...(rest ? [rest] : []), ...this.#waiting.slice(count)];
    this.#complete = Math.max(this.#complete - end, 0);
    this.#bytes -= end;
    const { binlog, timeCreated, from, since } = first;
    const bytes = Buffer.concat(
      taken.map((piece) => piece.join()),
      end,
    );
    return { binlog, timeCreated, from, to: from + end, bytes, since };
  }

  /** Forgets the beginning of a transaction behind the last complete one: it will come again. */
  dropOpen(): void {
    while (this.#waiting.at(-1)?.complete === 0) this.#waiting.pop();
    this.#waiting.at(-1)?.dropOpen();
    this.#bytes = this.#complete;
  }
}

function isSameLog(a: StreamedName, b: StreamedName): boolean {
  return a.binlog === b.binlog && a.timeCreated === b.timeCreated;
}
