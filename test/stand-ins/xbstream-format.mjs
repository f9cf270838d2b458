import { crc32 } from 'node:zlib';

/**
 * The stream of xbstream and mbstream: chunks of files, each file ended by a chunk without content.
 * Source: "The xbstream binary format" in the documentation of Percona XtraBackup.
 */

const MAGIC = Buffer.from('XBSTCK01');
const PAYLOAD = 0x50;
const END = 0x45;
const LARGEST_CHUNK = 1 << 20;

/** The chunks of one file. @param {string} path @param {Buffer} content @returns {Generator<Buffer>} */
export function* packFile(path, content) {
  for (let offset = 0; offset < content.length; offset += LARGEST_CHUNK) {
    const payload = content.subarray(offset, offset + LARGEST_CHUNK);
    const about = Buffer.alloc(20);
    about.writeBigUInt64LE(BigInt(payload.length), 0);
    about.writeBigUInt64LE(BigInt(offset), 8);
    about.writeUInt32LE(crc32(payload), 16);
    yield Buffer.concat([header(PAYLOAD, path), about]);
    yield payload;
  }
  yield header(END, path);
}

function header(type, path) {
  const name = Buffer.from(path);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(name.length);
  return Buffer.concat([MAGIC, Buffer.from([0, type]), length, name]);
}

/**
 * The files of a whole stream. Throws an Error where it is damaged or cut short.
 * @param {Buffer} stream @returns {Map<string, Buffer>}
 */
export function unpackFiles(stream) {
  const parts = new Map();
  const ended = new Set();
  let at = 0;
  const take = (length) => {
    if (at + length > stream.length) throw new Error('wrong chunk: unexpected end of the stream');
    at += length;
    return stream.subarray(at - length, at);
  };
  while (at < stream.length) {
    if (!take(MAGIC.length).equals(MAGIC)) throw new Error(`wrong chunk magic at offset ${at}`);
    const type = take(2)[1];
    const path = take(take(4).readUInt32LE()).toString();
    if (type === END) {
      ended.add(path);
      parts.set(path, parts.get(path) ?? []);
      continue;
    }
    const about = take(20);
    const payload = take(Number(about.readBigUInt64LE(0)));
    if (crc32(payload) !== about.readUInt32LE(16)) throw new Error(`invalid checksum in ${path}`);
    parts.set(path, [...(parts.get(path) ?? []), payload]);
  }
  for (const path of parts.keys()) if (!ended.has(path)) throw new Error(`${path} has no end`);
  return new Map([...parts].map(([path, payloads]) => [path, Buffer.concat(payloads)]));
}
