import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { flipBit } from '../../test/contract/compressor.ts';
import { createGnupg, findAgents, type Gnupg } from '../../test/fixtures/gnupg.ts';
import { runStage } from '../../test/fixtures/run-stage.ts';
import type { GpgConfig } from '../config/config.ts';
import { describeError } from '../errors.ts';
import { restoreChain } from './chain.ts';
import { createGpg } from './gpg.ts';

const OURS = 'twindb-gpg-';
const input = randomBytes(300_000);

let gnupg: Gnupg;
let keyring: string;
let secretKeyring: string;
let ownHome: string;
let packed: Buffer;
let environment: NodeJS.ProcessEnv;
let warnings: string[];

const encrypt = async (recipient: string, bytes = input) =>
  await runStage(await createGpg({ recipient, keyring, secretKeyring: undefined }).apply(), bytes);
const invert = async (config: Partial<GpgConfig>) =>
  await createGpg({ recipient: '', keyring: undefined, secretKeyring, ...config }).invert((message) =>
    warnings.push(message),
  );
const decrypt = async (bytes: Buffer, config: Partial<GpgConfig> = {}, signal?: AbortSignal) =>
  await runStage(await invert(config), bytes, signal);
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: unknown) => describeError(error),
  );
const temporaryHomes = (dir: string) => readdirSync(dir).filter((name) => name.startsWith(OURS));

beforeAll(async () => {
  gnupg = createGnupg();
  ownHome = gnupg.makeHome('own');
  const otherHome = gnupg.makeHome('other');
  gnupg.makeKey(ownHome, 'own@x.test');
  gnupg.makeKey(otherHome, 'other@x.test');
  gnupg.makeKey(otherHome, 'locked@x.test', { passphrase: 'sesame' });
  keyring = gnupg.save(
    'public.gpg',
    Buffer.concat([gnupg.gpg(ownHome, '--export'), gnupg.gpg(otherHome, '--export')]),
  );
  secretKeyring = gnupg.save('secret.gpg', gnupg.gpg(ownHome, '--export-secret-keys'));
  const unlock = ['--pinentry-mode', 'loopback', '--passphrase', 'sesame'];
  gnupg.save('locked.gpg', gnupg.gpg(otherHome, ...unlock, '--export-secret-keys', 'locked@x.test'));
  mkdirSync(join(gnupg.dir, 'tmp'));
  packed = await encrypt('own@x.test');
});
afterAll(() => gnupg[Symbol.dispose]());

let homes = 0;
beforeEach(() => {
  environment = { ...process.env };
  homes += 1;
  // A default home without any key, as on a machine that a copy is restored on for the first time.
  process.env['GNUPGHOME'] = gnupg.makeHome(`default${homes}`);
  process.env['TMPDIR'] = join(gnupg.dir, 'tmp');
  warnings = [];
});
afterEach(() => {
  process.env = environment;
  expect(temporaryHomes(join(gnupg.dir, 'tmp'))).toEqual([]);
  expect(findAgents(join(gnupg.dir, 'tmp'))).toEqual([]);
});

describe('gpg', () => {
  it.each([0, 1, 300_000, 5 << 20])(
    'is its own inverse on %i bytes, with an empty default home',
    async (size) => {
      const bytes = randomBytes(size);
      expect((await decrypt(await encrypt('own@x.test', bytes))).equals(bytes)).toBe(true);
      expect(warnings).toEqual([]);
    },
  );

  it('does not compress a second time', async () => {
    const zeroes = await encrypt('own@x.test', Buffer.alloc(100_000));
    expect(zeroes.length).toBeGreaterThan(100_000);
    const { stdout } = spawnSync('gpg', ['--homedir', ownHome, '--batch', '--list-packets'], {
      input: zeroes,
    });
    expect(stdout.toString()).toContain(':literal data packet:');
    expect(stdout.toString()).not.toContain(':compressed packet:');
  });

  it('decrypts with the keys of the default home when no secret_keyring is configured', async () => {
    process.env['GNUPGHOME'] = ownHome;
    expect((await decrypt(packed, { secretKeyring: undefined })).equals(input)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it.each([['a missing', '/nonexistent/secring.gpg'] as const, ['an empty', 'empty.gpg'] as const])(
    'falls back to the default home for %s secret_keyring, and says so',
    async (_, name) => {
      const file = name.startsWith('/') ? name : gnupg.save(name, Buffer.alloc(0));
      process.env['GNUPGHOME'] = ownHome;
      expect((await decrypt(packed, { secretKeyring: file })).equals(input)).toBe(true);
      expect(warnings).toEqual([
        `[gpg] secret_keyring ${file} is missing or empty; the keys of the default GnuPG home are used instead`,
      ]);
    },
  );

  it('reads what gpg itself wrote with compression, as the Python tool has it', async () => {
    const args = [
      '--homedir',
      ownHome,
      '--batch',
      '--trust-model',
      'always',
      '-r',
      'own@x.test',
      '--encrypt',
    ];
    const theirs = spawnSync('gpg', args, { input }).stdout;
    expect((await decrypt(theirs)).equals(input)).toBe(true);
  });

  it('works below a TMPDIR that is too long for the socket of an agent', async () => {
    const long = join(gnupg.dir, 'tmp', 'x'.repeat(90));
    mkdirSync(long, { recursive: true });
    process.env['TMPDIR'] = long;
    const before = temporaryHomes('/tmp');
    expect((await decrypt(packed)).equals(input)).toBe(true);
    // Other tests may have a home there at this moment, but not for long.
    const left = () => temporaryHomes('/tmp').filter((name) => !before.includes(name));
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);
  });
});

describe('gpg refuses', () => {
  it('a copy for another recipient, and says which key is needed and where it looked', async () => {
    const message = await messageOf(decrypt(await encrypt('other@x.test')));
    expect(message).toContain('encrypted with');
    expect(message).toContain(`is not in ${secretKeyring}`);
    expect(message).toContain('gpg --export-secret-keys');
    const withoutKeyring = decrypt(packed, { secretKeyring: undefined });
    expect(await messageOf(withoutKeyring)).toContain('is not in the default GnuPG home');
  });

  it('a secret key with a passphrase, at once and without asking for it', async () => {
    const started = Date.now();
    const locked = join(gnupg.dir, 'locked.gpg');
    const message = await messageOf(decrypt(await encrypt('locked@x.test'), { secretKeyring: locked }));
    expect(message).toContain(`Its secret key in ${locked} has a passphrase`);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('a secret_keyring that holds no key', async () => {
    const garbage = gnupg.save('garbage.gpg', Buffer.from('this is no keyring'));
    const message = await messageOf(decrypt(packed, { secretKeyring: garbage }));
    expect(message).toContain(`Cannot import [gpg] secret_keyring ${garbage}`);
    expect(message).toContain('no valid OpenPGP data');
  });

  it('a copy that is cut in its data', async () => {
    for (const end of [0, 1, 200, 10_000, packed.length - 30, packed.length - 1]) {
      await expect(decrypt(packed.subarray(0, end)), `cut after ${end} bytes`).rejects.toThrow('gpg failed');
    }
  });

  it.each(['.gz', '.bz', '.zst'])(
    'a copy that is cut before its data: gpg makes nothing of it and exits 0, and no %s is empty',
    async (suffix) => {
      const config: GpgConfig = { recipient: '', keyring: undefined, secretKeyring };
      const compression = { program: 'gzip', threads: undefined, level: undefined } as const;
      for (const end of [3, 50, 90]) {
        const chain = restoreChain(`x.tar${suffix}.gpg`, { compression, gpg: config }, 2);
        const stages = await Promise.all(chain.map((modifier) => modifier.invert(() => undefined)));
        await expect(runStage(stages, packed.subarray(0, end)), `cut after ${end} bytes`).rejects.toThrow();
      }
    },
  );

  it('a copy with a flipped bit', async () => {
    for (const offset of [200, 10_000, packed.length - 40, packed.length - 1]) {
      await expect(decrypt(flipBit(packed, offset, 3)), `flip at ${offset}`).rejects.toThrow('gpg failed');
    }
  });

  it('to go on after an abort', async () => {
    const abort = new AbortController();
    function* slow(): Generator<Buffer> {
      yield packed.subarray(0, 100_000);
      abort.abort(new Error('SIGTERM'));
      yield packed.subarray(100_000);
    }
    await expect(runStage(await invert({}), slow(), abort.signal)).rejects.toThrow('SIGTERM');
  });
});
