import type { Connection, RowDataPacket } from 'mysql2/promise';
import { TwinDbError } from '../../errors.ts';
import { openConnection } from '../server/connection.ts';
import type { MysqlOptions } from '../server/defaults-file.ts';
import { buildDump } from './dump-packet.ts';
import { explainDump } from './explain-dump.ts';
import { type LogBytes, LogEvents, type LogPlace } from './log-events.ts';
import { readServerError } from './server-error.ts';

/** How often a server without news says that it is alive, in milliseconds. */
const HEARTBEAT_MS = 5000;

/** How long a server may say nothing. */
const SILENCE_MS = 30_000;

/** What is kept of events that nobody has taken yet, before the server is read no further. Bytes. */
const HIGH_WATER = 4 * 1024 ** 2;

/** A server whose positions do not fit is asked for the beginning of the log. */
const MAX_POSITION = 2 ** 32 - 1;

/** The first event of each log. */
const FIRST_POSITION = 4;

/** A server to follow. */
interface Followed {
  readonly options: MysqlOptions;
  readonly isMariadb: boolean;
  /** The server id that we show; see `buildDump`. */
  readonly serverId: number;
}

/** What mysql2 makes of a connection; its types leave out what a command of one's own takes. */
interface RawConnection {
  sequenceId: number;
  addCommand(command: RawCommand): void;
  writePacket(packet: OutgoingPacket): void;
}

interface OutgoingPacket {
  readonly buffer: Buffer;
  length(): number;
  writeHeader(sequenceId: number): void;
}

interface IncomingPacket {
  readonly buffer: Buffer;
  /** Behind the header. */
  readonly offset: number;
  readonly end: number;
}

interface RawCommand {
  /** Called without a packet when it is this command's turn. Whether the command has ended. */
  execute(packet: IncomingPacket | undefined): boolean;
  /** Told of a failure of the connection. */
  onResult(error: Error | null): void;
}

/**
 * What a server writes into its binary logs, from a place on, as it writes it; without end. Throws a TwinDbError when the connection is lost,
 * or the server refuses or ends it, or has been silent for 30 seconds; the reason of the signal once that has aborted. While nobody takes
 * anything the server is not read.
 */
export async function* followLog(
  server: Followed,
  place: LogPlace,
  signal: AbortSignal,
): AsyncGenerator<LogBytes> {
  signal.throwIfAborted();
  const connection = await openConnection(server.options);
  const position = place.position > MAX_POSITION ? FIRST_POSITION : Math.max(place.position, FIRST_POSITION);
  const events = new LogEvents(place, position);
  const queue = new EventQueue(connection);
  let account = `${server.options.user}@%`;
  const onAbort = () => queue.fail(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  // Lost while it is idle, or between two commands.
  connection.on('error', (error) => queue.fail(error));
  connection.on('end', () => queue.fail(new Error('the server has closed the connection')));
  try {
    // It may have come while the connection was made.
    signal.throwIfAborted();
    account = await queue.answer(introduce(connection));
    const dump = buildDump({
      binlog: place.binlog,
      position,
      serverId: server.serverId,
      annotations: server.isMariadb,
    });
    startDump(connection, dump, queue);
    for (;;) {
      const found = events.take(await queue.next());
      if (found !== undefined) yield found;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof TwinDbError ? error : explainDump(error, { ...server, account });
  } finally {
    signal.removeEventListener('abort', onAbort);
    // It sends on and on, and takes no polite word.
    connection.destroy();
  }
}

/** Says what a replica says of itself, so that events come as they are in the log; in both spellings, as MySQL has new names since 8.0.26. Returns our account. */
async function introduce(connection: Connection): Promise<string> {
  const period = HEARTBEAT_MS * 1_000_000;
  await connection.query(
    `SET @mariadb_slave_capability = 4, @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32', ` +
      `@master_heartbeat_period = ${period}, @source_heartbeat_period = ${period}`,
  );
  const [[me]] = await connection.query<({ account: string } & RowDataPacket)[]>(
    'SELECT CURRENT_USER() AS account',
  );
  return me?.account ?? '';
}

/** Sends the request as a command of our own: that of mysql2 3.24 throws. */
function startDump(connection: Connection, dump: Buffer, queue: EventQueue): void {
  const raw = (connection as unknown as { readonly connection: RawConnection }).connection;
  raw.addCommand({
    execute(packet) {
      if (packet === undefined) {
        raw.sequenceId = 0;
        raw.writePacket(outgoing(dump));
      } else queue.add(packet.buffer.subarray(packet.offset, packet.end));
      return false;
    },
    onResult(error) {
      if (error) queue.fail(error);
    },
  });
}

function outgoing(payload: Buffer): OutgoingPacket {
  const buffer = Buffer.concat([Buffer.alloc(4), payload]);
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequenceId) {
      buffer.writeUIntLE(payload.length, 0, 3);
      buffer.writeUInt8(sequenceId, 3);
    },
  };
}

/** Packets that have come, and what waits for the next one. */
class EventQueue {
  readonly #connection: Pick<Connection, 'pause' | 'resume'>;
  #events: Buffer[] = [];
  /** Of `#events`, how many have been taken. */
  #taken = 0;
  #bytes = 0;
  #isPaused = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(connection: Pick<Connection, 'pause' | 'resume'>) {
    this.#connection = connection;
  }

  /** The first byte says what a packet is. Source: "Packets" in the documentation of MySQL's source code. */
  add(packet: Buffer): void {
    const [first] = packet;
    if (first === 0xff) this.fail(readServerError(packet));
    else if (first !== 0) this.fail(new Error('the server has ended the log'));
    else this.#keep(packet.subarray(1));
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** The answer to a question that comes before the log: ends as the wait for an event does. */
  async answer<T>(asked: Promise<T>): Promise<T> {
    const waiting = this.#wait();
    const failed = waiting.then((): never => {
      throw this.#failure ?? new Error('answered');
    });
    try {
      return await Promise.race([asked, failed]);
    } finally {
      this.#wake?.();
    }
  }

  /** The next event. What came in front of a failure is given out first. */
  async next(): Promise<Buffer> {
    for (;;) {
      const event = this.#events[this.#taken];
      if (event !== undefined) {
        this.#taken += 1;
        this.#bytes -= event.length;
        return event;
      }
      this.#events = [];
      this.#taken = 0;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isPaused) {
        this.#isPaused = false;
        this.#connection.resume();
      } else await this.#wait();
    }
  }

  #keep(event: Buffer): void {
    this.#events.push(event);
    this.#bytes += event.length;
    if (this.#bytes >= HIGH_WATER && !this.#isPaused) {
      this.#isPaused = true;
      this.#connection.pause();
    }
    this.#wake?.();
  }

  async #wait(): Promise<void> {
    const silence = setTimeout(
      () => this.fail(new Error(`the server has said nothing for ${SILENCE_MS / 1000} seconds`)),
      SILENCE_MS,
    );
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    clearTimeout(silence);
    this.#wake = undefined;
  }
}
