/**
 * Reads the numbers of variable length in tagged GTIDs: as many bytes follow the first one as that has 1 bits at its low end.
 * Source: "Serialization library" in the documentation of MySQL's source code. Throws a RangeError beyond the last byte.
 */
export class VarintReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  unsigned(): bigint {
    const first = this.#bytes.readUInt8(this.#offset);
    // The lowest 0 bit: in 0xff there is none among its eight.
    const following = 31 - Math.clz32(~first & -~first);
    const whole = this.take(following + 1);
    let value = 0n;
    for (const byte of whole.toReversed()) value = (value << 8n) | BigInt(byte);
    // The 1 bits and the 0 behind them are no part of the number; the ninth byte is one in full.
    return value >> BigInt(Math.min(following + 1, 8));
  }

  /** A text behind its length. */
  text(): string {
    return this.take(Number(this.unsigned())).toString('latin1');
  }

  take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new RangeError('it ends within a number');
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}
