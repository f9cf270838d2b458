import { createReadStream } from 'node:fs';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { MAGIC_LENGTH } from '../../mysql/binlog/binlog-header.ts';
import type { LogFile } from './log-files.ts';
import type { GroupMark } from './recovery-plan.ts';

/** Bytes of a read. */
const CHUNK = 1 << 20;

/** A place in a log. */
type LogPlace = Pick<GroupMark, 'binlog' | 'position'>;

/** Joins logs to one stream, in which only the first has its magic number, and knows which place of it is which of a log. */
export class LogFeed {
  /** Where the bytes of each log begin, in the stream and in itself. */
  readonly #begun: { readonly binlog: string; readonly offset: number; readonly position: number }[] = [];
  #fed = 0;

  /** The bytes of a log up to where it ends. Throws a TwinDbError when there are fewer: what reads the stream would take its end for that of the logs. */
  async *read({ log, path, end }: LogFile): AsyncGenerator<Buffer> {
    const { binlog } = log;
    const position = this.#begun.length === 0 ? 0 : MAGIC_LENGTH;
    this.#begun.push({ binlog, offset: this.#fed, position });
    let left = end - position;
    if (left <= 0) return;
    // `end` of the stream is the last byte, inclusive.
    const bytes = createReadStream(path, { start: position, end: end - 1, highWaterMark: CHUNK });
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      this.#fed += chunk.length;
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw new TwinDbError(`The log ${quoteLocation(path)} became shorter while it was read`);
  }

  /** Which place of a log is `offset` bytes behind the beginning of the stream; undefined before its first byte. */
  locate(offset: number): LogPlace | undefined {
    const found = this.#begun.findLast((log) => log.offset <= offset);
    return found && { binlog: found.binlog, position: offset - found.offset + found.position };
  }
}
