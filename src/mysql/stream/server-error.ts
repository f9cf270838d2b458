/** An error that the server has sent in place of an event. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  /** MySQL's number for it. */
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.errno = errno;
  }
}

/** Reads the packet: its number, its SQL state behind a #, its words. Source: ERR_Packet in the documentation of MySQL's source code. */
export function readServerError(packet: Buffer): ServerError {
  const text = packet.subarray(3).toString();
  return new ServerError(packet.readUInt16LE(1), text.replace(/^#[0-9A-Z]{5}/, ''));
}
