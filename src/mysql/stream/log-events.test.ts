import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildDump } from './dump-packet.ts';
import { type LogBytes, LogEvents } from './log-events.ts';

const FOLDER = fileURLToPath(new URL('../../../test/fixtures/binlogs', import.meta.url));
const LOG = readFileSync(`${FOLDER}/mariadb-10.11/mysql-bin.000001`);
const NAME = 'mysql-bin.000001';
const TIME = LOG.readUInt32LE(4);

/** The events of the log as a server sends them, from the one at this position on. */
function sentFrom(position: number): Buffer[] {
  const events: Buffer[] = [];
  for (let at = position; at < LOG.length; at += LOG.readUInt32LE(at + 9)) {
    events.push(LOG.subarray(at, at + LOG.readUInt32LE(at + 9)));
  }
  return events;
}
const EVENTS = sentFrom(4);
const [FORMAT = Buffer.alloc(0)] = EVENTS;
/** Behind the format description and the list of GTIDs. */
const MIDDLE = 4 + FORMAT.length + (EVENTS[1]?.length ?? 0);

function rotate(name: string, checksum = true): Buffer {
  const body = Buffer.concat([Buffer.alloc(8), Buffer.from(name)]);
  const event = Buffer.concat([Buffer.alloc(19), body, Buffer.alloc(checksum ? 4 : 0)]);
  event[4] = 4;
  event.writeUInt32LE(event.length, 9);
  event.writeUInt16LE(0x20, 17);
  if (checksum) event.writeUInt32LE(crc32(event.subarray(0, -4)), event.length - 4);
  return event;
}
function heartbeat(): Buffer {
  const event = rotate(NAME);
  event[4] = 27;
  // Unlike the Rotate it is not marked.
  event.writeUInt16LE(0, 17);
  return event;
}
/** What comes in front of the middle of a log: it has no position. */
function formatAgain(time = TIME): Buffer {
  const event = Buffer.from(FORMAT);
  event.writeUInt32LE(time, 0);
  event.writeUInt32LE(0, 13);
  return event;
}
const take = (events: LogEvents, sent: readonly Buffer[]): LogBytes[] =>
  sent.flatMap((event) => events.take(event) ?? []);
const begin = (position = 0, timeCreated?: number, asked = position) =>
  new LogEvents({ binlog: NAME, position, timeCreated }, Math.max(asked, 4));
const joined = (found: readonly LogBytes[]) => Buffer.concat(found.map(({ bytes }) => bytes));

describe('the events that a server sends', () => {
  it.each([true, false])(
    'are its log, byte for byte, without what is in none; checksum of the name: %s',
    (checksum) => {
      const sent = [rotate(NAME, checksum), ...EVENTS.flatMap((event) => [heartbeat(), event])];
      const found = take(begin(), sent);
      expect(joined(found).equals(LOG)).toBe(true);
      expect(found.at(0)).toMatchObject({ binlog: NAME, timeCreated: TIME, from: 0 });
      expect(found.at(-1)).toMatchObject({ isEnd: true });
    },
  );

  it('go on in the middle of a log, whose format description comes once more', () => {
    const found = take(begin(MIDDLE, TIME), [rotate(NAME), formatAgain(), ...sentFrom(MIDDLE)]);
    expect(found[0]?.from).toBe(MIDDLE);
    expect(joined(found).equals(LOG.subarray(MIDDLE))).toBe(true);
  });

  it('are left out up to where they are known, where the server had to be asked for the beginning', () => {
    const found = take(begin(MIDDLE, TIME, 4), [rotate(NAME), ...EVENTS]);
    expect(found[0]?.from).toBe(MIDDLE);
    expect(joined(found).equals(LOG.subarray(MIDDLE))).toBe(true);
    expect(() => take(begin(MIDDLE + 1, TIME, 4), [rotate(NAME), ...EVENTS])).toThrow(/no event begins at/);
  });

  it('go on to the next log', () => {
    const found = take(begin(), [rotate(NAME), FORMAT, rotate('mysql-bin.000002'), FORMAT]);
    expect(found.map(({ binlog, from }) => `${binlog} ${from}`)).toEqual([`${NAME} 0`, 'mysql-bin.000002 0']);
  });

  it.each([
    [
      'an event is missing',
      [rotate(NAME), FORMAT, ...EVENTS.slice(2)],
      0,
      /an event ends at \d+, where \d+ was expected/,
    ],
    [
      'an event comes twice',
      [rotate(NAME), FORMAT, ...EVENTS.slice(1, 2), ...EVENTS.slice(1)],
      0,
      /an event ends at/,
    ],
    [
      'the log is another one',
      [rotate(NAME), formatAgain(TIME + 1)],
      MIDDLE,
      /it is another log than that of this name/,
    ],
    ['there is no format description', [rotate(NAME), ...sentFrom(MIDDLE)], MIDDLE, /no format description/],
    ['a name leads elsewhere', [rotate('../../etc/passwd')], 0, /no name of a binary log/],
    ['an event is cut short', [rotate(NAME), FORMAT.subarray(0, 100)], 0, /bytes that are no event/],
    ['an event is empty', [Buffer.alloc(0)], 0, /0 bytes that are no event/],
  ])('are refused when %s', (_, sent, position, message) => {
    // With its time only where it is in the middle.
    expect(() => take(begin(position, position > 0 ? TIME : undefined), sent)).toThrow(message);
  });

  it('whose positions are 0, as MariaDB 11.8 writes them in row events, count by their lengths', () => {
    const blank = EVENTS.slice(1).map((event) => {
      const copy = Buffer.from(event);
      copy.writeUInt32LE(0, 13);
      return copy;
    });
    const found = take(begin(), [rotate(NAME), FORMAT, ...blank]);
    expect(found.at(-1)?.from).toBe(LOG.length - (EVENTS.at(-1)?.length ?? 0));
  });
});

it('a request for a log is COM_BINLOG_DUMP', () => {
  const request = { binlog: 'a.000001', position: 0xfffffffe, serverId: 0x80000001, annotations: true };
  expect(buildDump(request).toString('hex')).toBe(
    `12feffffff020001000080${Buffer.from('a.000001').toString('hex')}`,
  );
  expect(buildDump({ ...request, annotations: false }).readUInt16LE(5)).toBe(0);
});
