/** What is asked of a server that is to send its binary log. */
interface DumpRequest {
  /** The server's own name for the log. */
  readonly binlog: string;
  /** Where an event begins in it; has 32 bits. */
  readonly position: number;
  /** No other client that follows this server may have it, and no replica. */
  readonly serverId: number;
  /** Whether MariaDB is to send the statements that row events come from, which are in its log. */
  readonly annotations: boolean;
}

const COM_BINLOG_DUMP = 0x12;

/** MariaDB leaves Annotate_rows events out without it; MySQL has no such flag. */
const SEND_ANNOTATE_ROWS = 2;

/** COM_BINLOG_DUMP, without the header of a packet. Source: the page on it in the documentation of MySQL's source code. */
export function buildDump({ binlog, position, serverId, annotations }: DumpRequest): Buffer {
  const name = Buffer.from(binlog);
  const packet = Buffer.alloc(11 + name.length);
  packet.writeUInt8(COM_BINLOG_DUMP, 0);
  packet.writeUInt32LE(position, 1);
  packet.writeUInt16LE(annotations ? SEND_ANNOTATE_ROWS : 0, 5);
  packet.writeUInt32LE(serverId, 7);
  name.copy(packet, 11);
  return packet;
}
