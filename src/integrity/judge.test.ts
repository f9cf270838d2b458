import { describe, expect, it } from 'vitest';
import { type CopyFacts, judge, type Trust } from './judge.ts';

const keyring: Trust['keyring'] = {
  file: '/etc/twindb/integrity.key',
  keys: [{ id: 'k', secret: Buffer.alloc(32) }],
  since: 1000,
  problem: undefined,
};
const trust: Trust = {
  keyring,
  keyFile: '/etc/twindb/integrity.key',
  host: 'db1',
  require: false,
  accept: false,
};
const copy: CopyFacts = {
  host: 'db1',
  made: 1000,
  mac: 'valid',
  problem: '',
  keyId: 'k',
  hasChecksum: true,
  isBare: false,
};

const verdict = (facts: Partial<CopyFacts>, where: Partial<Trust> = {}) =>
  judge({ ...copy, ...facts }, { ...trust, ...where }).kind;

describe('a copy that is signed with a key of this machine', () => {
  it('is authentic, encrypted or not, of whatever host and age', () => {
    expect(verdict({})).toBe('authentic');
    expect(verdict({ isBare: true, host: 'db2', made: 1 }, { require: true })).toBe('authentic');
  });

  it('is unproven without a checksum, which speaks for the object, and refused where proof is required', () => {
    expect(verdict({ hasChecksum: false })).toBe('unproven');
    expect(verdict({ hasChecksum: false }, { require: true })).toBe('refused');
    expect(verdict({ hasChecksum: false, isBare: true })).toBe('refused');
  });

  it('is refused when it was changed, also by an operator who accepts what is not signed', () => {
    expect(verdict({ mac: 'wrong' })).toBe('refused');
    expect(verdict({ mac: 'wrong', host: 'db2', made: 1 }, { accept: true })).toBe('refused');
  });
});

describe.each(['absent', 'unknown', 'unlisted', 'unreadable'] as const)(
  'a copy whose signature is %s',
  (mac) => {
    it('is refused when this host must have signed it', () => {
      expect(verdict({ mac })).toBe('refused');
      expect(verdict({ mac, made: undefined })).toBe('refused');
      expect(verdict({ mac }, { accept: true })).toBe('unproven');
    });

    it.each([
      ['older than the key', { made: 999 }, {}],
      ['of another host', { host: 'db2' }, {}],
      ['looked at without a key', {}, { keyring: undefined }],
    ])('is unproven when it is %s, and refused where proof is required', (_what, facts, where) => {
      expect(verdict({ mac, ...facts }, where)).toBe('unproven');
      expect(verdict({ mac, ...facts }, { ...where, require: true })).toBe('refused');
      expect(verdict({ mac, ...facts }, { ...where, require: true, accept: true })).toBe('unproven');
    });

    it('is refused when it should be encrypted, whosever it is', () => {
      expect(verdict({ mac, isBare: true, host: 'db2', made: 1 }, { keyring: undefined })).toBe('refused');
      expect(verdict({ mac, isBare: true, host: 'db2' }, { accept: true })).toBe('unproven');
    });
  },
);

it('says what to do about the copies of an earlier installation', () => {
  const judged = judge({ ...copy, mac: 'unknown', keyId: 'old' }, trust);
  expect(judged).toEqual({
    kind: 'refused',
    isChanged: false,
    reason: 'is signed with the key old, and /etc/twindb/integrity.key does not have that key',
    remedy:
      'If this machine was installed anew, or has another configuration with a key of its own, add the line of that key to /etc/twindb/integrity.key. ' +
      'If you trust the copy, give --accept-unauthenticated.',
  });
});
