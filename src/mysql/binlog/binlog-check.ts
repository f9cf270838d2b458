import { Writable } from 'node:stream';
import { IntegrityError } from '../../errors.ts';
import { BINLOG_BEGINNING, parseBinlogBeginning } from './binlog-header.ts';
import { type BinlogScan, BinlogScanner } from './binlog-scanner.ts';

type Callback = (error?: Error | null) => void;

/**
 * Reads a binary log to its end and errors when it is none, or when it was cut short within an event. Of an encrypted one
 * only the beginning can be judged.
 */
export class BinlogCheck extends Writable {
  readonly #title: string;
  readonly #scanner = new BinlogScanner();
  #beginning: Buffer = Buffer.alloc(0);

  /** `title` names the log in errors. */
  constructor(title: string) {
    super({ highWaterMark: 1 << 20 });
    this.#title = title;
  }

  /** The first bytes, enough for `parseBinlogBeginning`. */
  get beginning(): Buffer {
    return this.#beginning;
  }

  /** What is in the log, when it has been read to its end. */
  get scan(): BinlogScan {
    return this.#scanner.result();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    const missing = BINLOG_BEGINNING - this.#beginning.length;
    if (missing > 0) this.#beginning = Buffer.concat([this.#beginning, bytes.subarray(0, missing)]);
    this.#scanner.feed(bytes);
    callback();
  }

  override _final(callback: Callback): void {
    try {
      const { encrypted } = parseBinlogBeginning(this.#beginning, this.#title, new Date());
      callback(encrypted || this.#scanner.isWhole ? null : new IntegrityError('the log in it was cut short'));
    } catch (error) {
      callback(error as Error);
    }
  }
}
