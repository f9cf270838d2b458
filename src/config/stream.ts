import { size, wholeNumber } from './kinds.ts';
import { option } from './option.ts';
import type { Options } from './options.ts';

/** How binary logs are stored while they are written. */
export interface StreamConfig {
  /** Seconds after which what the server has written is stored at the latest. */
  readonly interval: number;
  /** Bytes, before compression, that are stored at once when they come earlier. */
  readonly partSize: number;
  /** Bytes that wait in memory while the destination does not take them. */
  readonly memory: number;
  /** The server id that the service shows; absent: one of this machine and server. */
  readonly serverId: number | undefined;
}

const MIB = 1024 ** 2;

/** The options of section [stream]. */
export const STREAM_OPTIONS = {
  interval: option(
    wholeNumber(1, 3600),
    '2',
    'After how many seconds `stream binlog` stores what the server has written into its binary log.',
  ),
  part_size: option(
    size(64 * 1024, 64 * MIB, 'a size from 64K to 64M, such as 8M'),
    '8M',
    'How much of a binary log is stored earlier than that, before compression; a larger transaction is stored in pieces.',
  ),
  memory: option(
    size(MIB, 1024 * MIB, 'a size from 1M to 1024M, such as 32M'),
    '32M',
    'How much may wait in memory while the destination does not take it; then the server is read no further until it does, and its own files have what is missing.',
  ),
  server_id: option(
    wholeNumber(1, 2 ** 32 - 1),
    undefined,
    'Server id that `stream binlog` shows to the server, as a replica would; no replica may have it. Absent: one made of the IDs of this machine and the server.',
  ),
};

/** Section [stream]. */
export function readStream(options: Options): StreamConfig {
  return {
    interval: options.get('stream', 'interval'),
    partSize: options.get('stream', 'part_size'),
    memory: options.get('stream', 'memory'),
    serverId: options.get('stream', 'server_id'),
  };
}
