import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBinlogHeader, readBinlogHeader, readPrintedEvent } from './binlog-header.ts';

const CREATED = 1_795_348_171;

/** An event of a binary log: its header, and zeros for what it says. */
function event(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(CREATED, 0);
  bytes[4] = type;
  bytes.writeUInt32LE(length, 9);
  return bytes;
}

const MAGIC = Buffer.from('fe62696e', 'hex');
const PLAIN = Buffer.concat([MAGIC, event(15, 252), event(161, 40)]);
const ENCRYPTED_BY_MARIADB = Buffer.concat([MAGIC, event(15, 252), event(164, 40)]);
const ENCRYPTED_BY_MYSQL = Buffer.concat([Buffer.from('fd62696e', 'hex'), Buffer.alloc(508, 7)]);

describe('the header of a binary log', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'binlog-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const readBytes = (bytes: Buffer) => {
    const path = join(dir, 'mysql-bin.000001');
    writeFileSync(path, bytes);
    utimesSync(path, 1_900_000_000, 1_900_000_000.75);
    return readBinlogHeader(path);
  };

  it('tells when the log was begun, whenever its file was touched', async () => {
    expect(await readBytes(PLAIN)).toEqual({ timeCreated: CREATED, timeSource: 'header', encrypted: false });
  });

  it('tells it when MariaDB encrypts the events', async () => {
    const header = { timeCreated: CREATED, timeSource: 'header', encrypted: true };
    expect(await readBytes(ENCRYPTED_BY_MARIADB)).toEqual(header);
  });

  it('does not when MySQL encrypts it, and the time of the last change stands in', async () => {
    const header = { timeCreated: 1_900_000_000, timeSource: 'file', encrypted: true };
    expect(await readBytes(ENCRYPTED_BY_MYSQL)).toEqual(header);
  });

  it('is read when nothing but the header is there', async () => {
    expect((await readBytes(PLAIN.subarray(0, 23))).timeCreated).toBe(CREATED);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a file cut short', PLAIN.subarray(0, 22)],
    ['a text', Buffer.alloc(200, 'x')],
    ['a log that begins with another event', Buffer.concat([MAGIC, event(2, 252)])],
  ])('is refused in %s, with the path', async (_title, bytes) => {
    await expect(readBytes(bytes)).rejects.toThrow(join(dir, 'mysql-bin.000001'));
  });

  it('is refused with the path of a missing file', async () => {
    await expect(readBinlogHeader('/nonexistent/b.1')).rejects.toThrow(
      'Cannot read the binary log /nonexistent/b.1',
    );
  });

  it('is parsed from bytes that came over the network', () => {
    expect(parseBinlogHeader(PLAIN, 'b.1').timeCreated).toBe(CREATED);
  });
});

describe('the first event as mysqlbinlog prints it', () => {
  const base64 = event(15, 252).toString('base64').replace(/.{76}/g, '$&\n');

  it('tells when the log was begun', () => {
    const text = `# at 4\n#261122 13:50:43 server id 1\nROLLBACK/*!*/;\nBINLOG '\n${base64}\n'/*!*/;\nDELIMITER ;\n`;
    expect(parseBinlogHeader(readPrintedEvent(text), 'it').timeCreated).toBe(CREATED);
  });

  it('is an error when it is not there', () => {
    expect(() => parseBinlogHeader(readPrintedEvent('# at 4\n'), 'The log b.000001')).toThrow(
      'The log b.000001 is no binary log',
    );
  });
});
