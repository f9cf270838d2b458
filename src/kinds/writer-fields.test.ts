import { describe, expect, it } from 'vitest';
import type { Keyring } from '../integrity/keyring.ts';
import type { Attributes, Status } from '../status/entries.ts';
import { decodeEnvelope, encodeEnvelope } from '../status/envelope.ts';
import { checkEntry, signEntry } from '../status/sign-entry.ts';
import { BINLOG } from './binlog.ts';
import { FILES } from './files.ts';
import type { Kind, RecordedCopy } from './kind.ts';
import { MYSQL } from './mysql.ts';

const KEYRING: Keyring = {
  file: '/k',
  keys: [{ id: 'k', secret: Buffer.alloc(32, 1) }],
  since: 0,
  problem: undefined,
};

const WRITER = { machineId: '0123456789ab', server: 'f00d:3306' };
const STORED = { host: 'db1', size: 1, sha256: '00', chain: ['.gz'] };

const PERIODIC = {
  ...STORED,
  runType: 'daily' as const,
  backupStarted: 10,
  backupFinished: 11,
  unpackedSize: undefined,
};

const SAMPLES: readonly (readonly [kind: Kind, copies: readonly RecordedCopy[]])[] = [
  [
    FILES,
    ['a', 'b', 'c'].map((name) => {
      const copy = { ...PERIODIC, key: `db1/daily/files/${name}`, name, sourcePath: '/a' };
      return { ...copy, machineId: WRITER.machineId };
    }),
  ],
  [
    MYSQL,
    ['a', 'b', 'c'].map((name) => ({
      ...PERIODIC,
      ...WRITER,
      key: `db1/daily/mysql/${name}`,
      name,
      type: 'full',
      lsn: 1,
      config: [],
      serverVendor: 'mariadb',
    })),
  ],
  [
    BINLOG,
    ['bin.000001', 'bin.000002', 'bin.000003'].map((binlog) => {
      const copy = { ...STORED, ...WRITER, key: `db1/binlog/${binlog}`, name: binlog, binlog };
      return { ...copy, timeCreated: 10 };
    }),
  ],
];

describe.each(SAMPLES)('the entries of $media copies', (kind, copies) => {
  const format = kind.formats.destination;
  const store = (status: Status) =>
    format.parse(decodeEnvelope(encodeEnvelope(format.serialise(status))).content);
  const enterAll = (some: readonly RecordedCopy[], status = format.empty) =>
    some.reduce((before, copy) => store(kind.enter(before, copy)), status);
  const serials = (status: Status) => kind.copies(status).map(({ serial }) => serial);

  it('say who made each, in the order in which they were added', () => {
    const read = kind.copies(enterAll(copies));
    expect(read.map(({ machineId }) => machineId)).toEqual(copies.map(() => WRITER.machineId));
    if (kind !== (FILES as Kind)) {
      expect(read.map(({ server }) => server)).toEqual(copies.map(() => WRITER.server));
    }
    expect(read.map(({ serial }) => serial)).toEqual([1, 2, 3]);
  });

  it('count on from the highest there, whatever was removed before it', () => {
    const [first, second, third] = copies as [RecordedCopy, RecordedCopy, RecordedCopy];
    const left = format.withoutKeys(enterAll([first, second]), [first.key]);
    expect(serials(enterAll([third], left))).toEqual([2, 3]);
  });

  it.each([-1, 0, 1.5, '7', null, 2 ** 53, 1e300])('pass over %j, which is no serial', (serial) => {
    const [first, second] = copies as [RecordedCopy, RecordedCopy];
    const forged = format.mapEntries(enterAll([first]), (_key, attributes) => ({ ...attributes, serial }));
    expect(serials(enterAll([second], forged))).toEqual([undefined, 1]);
  });

  it.each(['machine_id', 'serial', ...(kind === (FILES as Kind) ? [] : ['server'])])(
    'are signed with their %s',
    (name) => {
      const sign = (key: string, attributes: Attributes) => signEntry(format, key, attributes, KEYRING);
      const [copy] = copies as [RecordedCopy];
      const [[key, attributes]] = format.entries(store(kind.enter(format.empty, copy, sign))) as [
        [string, Attributes],
      ];
      expect(checkEntry(format, key, attributes, KEYRING)).toBe('valid');
      expect(checkEntry(format, key, { ...attributes, [name]: 'other' }, KEYRING)).toBe('wrong');
      expect(checkEntry(format, key, { ...attributes, [name]: null }, KEYRING)).toBe('wrong');
    },
  );
});
