import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGnupg, type Gnupg } from '../../test/fixtures/gnupg.ts';
import { describeError } from '../errors.ts';
import { createGpg } from './gpg.ts';

/** The reverse of a revocation certificate's guard against use by accident: a colon before its first line. */
function takeGuardOff(certificate: string): Buffer {
  return Buffer.from(certificate.replace(':-----BEGIN', '-----BEGIN'));
}

describe('encryption is refused before anything is read', () => {
  let gnupg: Gnupg;
  let keyring: string;
  let garbage: string;

  beforeAll(() => {
    gnupg = createGnupg();
    const home = gnupg.makeHome('all');
    gnupg.makeKey(home, 'good@x.test');
    gnupg.makeKey(home, 'sign@x.test', { usage: 'sign' });
    gnupg.makeKey(home, 'expired@x.test', { expiredSince: '20200101T000000' });
    gnupg.makeKey(home, 'revoked@x.test');
    const listing = gnupg.gpg(home, '--with-colons', '--list-keys', 'revoked@x.test').toString();
    const fingerprint = /^fpr:{9}(\w+):/m.exec(listing)?.[1] ?? '';
    const certificate = readFileSync(join(home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'utf8');
    gnupg.gpg(home, '--import', gnupg.save('revocation', takeGuardOff(certificate)));
    keyring = gnupg.save('keyring.gpg', gnupg.gpg(home, '--export'));
    garbage = gnupg.save('garbage.gpg', Buffer.from('this is no keyring'));
  });
  afterAll(() => gnupg[Symbol.dispose]());

  const messageFor = async (recipient: string, file: string | undefined = keyring) => {
    const gpg = createGpg({ recipient, keyring: file, secretKeyring: undefined });
    return await gpg.apply().then(
      () => undefined,
      (error: unknown) => describeError(error),
    );
  };

  it('not for a valid key', async () => {
    expect(await messageFor('good@x.test')).toBeUndefined();
  });

  it.each([
    ['expired@x.test', 'its key has expired'],
    ['revoked@x.test', 'its key is revoked'],
    ['sign@x.test', 'its key has no valid subkey for encryption'],
    ['nobody@x.test', 'no such key'],
    ['--version', 'no such key'],
  ])('for %s: %s', async (recipient, problem) => {
    const message = await messageFor(recipient);
    expect(message).toContain(
      `Cannot encrypt to [gpg] recipient ${recipient}: ${problem} in the keyring ${keyring}`,
    );
    expect(message).toContain('correct [gpg] recipient');
  });

  it('for a keyring that is missing', async () => {
    const message = await messageFor('good@x.test', '/nonexistent/keyring.gpg');
    expect(message).toContain('cannot read [gpg] keyring /nonexistent/keyring.gpg');
    expect(message).toContain('gpg --no-default-keyring --keyring FILE --import KEY');
  });

  it('for a file that is no keyring', async () => {
    expect(await messageFor('good@x.test', garbage)).toContain(
      'Cannot encrypt to [gpg] recipient good@x.test',
    );
  });

  it('for a key that is not in the default home', async () => {
    const before = process.env['GNUPGHOME'];
    process.env['GNUPGHOME'] = gnupg.makeHome('empty');
    try {
      const gpg = createGpg({ recipient: 'good@x.test', keyring: undefined, secretKeyring: undefined });
      await expect(gpg.apply()).rejects.toThrow('no such key in the default GnuPG home');
    } finally {
      if (before === undefined) delete process.env['GNUPGHOME'];
      else process.env['GNUPGHOME'] = before;
    }
  });

  it('not for a recipient one of whose keys still is valid', async () => {
    const home = gnupg.makeHome('two');
    gnupg.makeKey(home, 'twice@x.test', { expiredSince: '20200101T000000' });
    gnupg.makeKey(home, 'twice@x.test');
    const file = join(gnupg.dir, 'two.gpg');
    writeFileSync(file, gnupg.gpg(home, '--export'));
    expect(await messageFor('twice@x.test', file)).toBeUndefined();
  });
});
