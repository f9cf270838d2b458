import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMac, keyIdOf, macOf, type SignedEntry } from './entry-mac.ts';
import type { IntegrityKey, Keyring } from './keyring.ts';

const key: IntegrityKey = { id: '20260101T000000Z-0a0b0c0d', secret: Buffer.alloc(32, 7) };
const keyring: Keyring = { file: '/k', keys: [key], since: 0, problem: undefined };
const names = ['size', 'config', 'chain', 'parent'];
const entry: SignedEntry = {
  kind: 'mysql',
  key: 'db1/daily/mysql/a.xbstream.gz',
  attributes: { chain: ['.gz'], size: 5, parent: null, config: [{ b: 'Yg==', a: 'YQ==' }], more: 'x' },
  names,
};

const signed = (attributes: SignedEntry['attributes'], each: SignedEntry = entry) => ({
  ...each,
  attributes: { ...attributes, mac: macOf(each, key) },
});

describe('the mac of an entry', () => {
  it('is the HMAC-SHA256 of the form that docs/security.md gives', () => {
    const form =
      '["twindb-backup entry 1","mysql","db1/daily/mysql/a.xbstream.gz",' +
      '["size",5],["config",[{"a":"YQ==","b":"Yg=="}]],["chain",[".gz"]]]';
    const hex = createHmac('sha256', key.secret).update(form).digest('hex');
    expect(macOf(entry, key)).toBe(`20260101T000000Z-0a0b0c0d:${hex}`);
  });

  it('is valid for the same attributes, in whatever order and beside whatever others', () => {
    const { chain, size, config } = entry.attributes;
    expect(checkMac(signed({ size, config, chain, other: 1 }), keyring)).toBe('valid');
  });

  it.each([
    ['another value', { ...entry.attributes, size: 6 }],
    ['another type of value', { ...entry.attributes, size: '5' }],
    ['an attribute that is gone', { ...entry.attributes, chain: undefined }],
    ['an attribute that was added', { ...entry.attributes, parent: 'db1/daily/mysql/b.xbstream.gz' }],
    ['a value further in', { ...entry.attributes, config: [{ a: 'YQ==', b: 'ZQ==' }] }],
  ])('is wrong for %s', (_what, attributes) => {
    expect(checkMac(signed(attributes), keyring)).toBe('wrong');
  });

  it('is wrong under another key of the status, or in a status of another kind', () => {
    expect(checkMac({ ...signed(entry.attributes), key: 'db1/daily/mysql/b.xbstream.gz' }, keyring)).toBe(
      'wrong',
    );
    expect(checkMac({ ...signed(entry.attributes), kind: 'files' }, keyring)).toBe('wrong');
  });

  it.each(['', 5, {}, ['a'], `${key.id}:`, `${key.id}:00`, `${key.id}:${'0'.repeat(65)}`])(
    '%j is none, as it has not the form of one',
    (mac) => {
      expect(checkMac({ ...entry, attributes: { ...entry.attributes, mac } }, keyring)).toBe('absent');
      expect(keyIdOf(mac)).toBeUndefined();
    },
  );

  it('is wrong for an attribute that is nested deeper than can be walked', () => {
    const chain: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
    expect(checkMac(signed({ ...entry.attributes, chain }), keyring)).toBe('wrong');
  });

  it('is absent, or of an unknown key, where there is nothing to compare', () => {
    expect(checkMac(entry, keyring)).toBe('absent');
    expect(checkMac(signed(entry.attributes), undefined)).toBe('unknown');
    const other = { ...keyring, keys: [{ ...key, id: 'another' }] } as const;
    expect(checkMac(signed(entry.attributes), other)).toBe('unknown');
  });

  it('stays the same when the attributes go through JSON, whatever they are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (attributes) => {
        const before = { ...entry, attributes };
        const after = { ...entry, attributes: JSON.parse(JSON.stringify(attributes)) as typeof attributes };
        expect(macOf(after, key)).toBe(macOf(before, key));
      }),
    );
  });
});
