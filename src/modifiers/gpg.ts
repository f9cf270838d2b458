import { resolve } from 'node:path';
import type { GpgConfig } from '../config/config.ts';
import { captureOutput } from '../process/capture.ts';
import type { Program } from '../process/program.ts';
import { requireUsableKey } from './gpg-recipient.ts';
import { isMissing, openSecretKeyring, type SecretKeyring } from './gpg-secret-keyring.ts';
import type { Modifier } from './modifier.ts';

const UNATTENDED = ['--no-tty', '--batch', '--yes'];

/** A gpg call that never asks anything. */
function gpgProgram(args: readonly string[]): Program {
  return { command: 'gpg', args: [...UNATTENDED, ...args], debianPackage: 'gnupg' };
}

/**
 * Asymmetric encryption by gpg. On damaged input gpg writes plaintext first and fails afterwards, so only its exit
 * code tells; the pipeline waits for that. Of input that ends before the data begins it makes nothing and succeeds: the
 * decompressor that follows refuses an empty input.
 */
export function createGpg(config: GpgConfig): Modifier {
  return {
    suffix: '.gpg',
    apply: () => encrypt(config),
    invert: (warn) => decrypt(config, warn),
  };
}

async function encrypt(config: GpgConfig): Promise<Program> {
  const keyring =
    config.keyring === undefined ? [] : ['--no-default-keyring', '--keyring', resolve(config.keyring)];
  await requireUsableKey(config, (args) => captureOutput(gpgProgram([...keyring, ...args])));
  // The data is compressed already; compressing it again would make gpg nine times slower (contract D11).
  const options = ['--trust-model', 'always', '--no-auto-key-locate', '--compress-algo', 'none'];
  return {
    ...gpgProgram([...keyring, ...options, '--recipient', config.recipient, '--encrypt']),
    isHeavy: true,
  };
}

async function decrypt(config: GpgConfig, warn: (message: string) => void): Promise<Program> {
  // Nobody is there to answer a pinentry. What the agent has cached still counts.
  const options = ['--pinentry-mode', 'error', '--decrypt'];
  const keyring = await openConfiguredKeyring(config, warn);
  const homedir = keyring === undefined ? [] : ['--homedir', keyring.homedir];
  return {
    ...gpgProgram([...homedir, ...options]),
    isHeavy: true,
    remedyFor: ({ stderr }) => findRemedy(stderr.join('\n'), keyring === undefined ? undefined : config),
    ...(keyring && { release: keyring.release }),
  };
}

/** The configured secret keyring; undefined for the default home. */
async function openConfiguredKeyring(
  { secretKeyring }: GpgConfig,
  warn: (message: string) => void,
): Promise<SecretKeyring | undefined> {
  if (secretKeyring === undefined) return undefined;
  const file = resolve(secretKeyring);
  if (!(await isMissing(file))) return await openSecretKeyring(file, warn);
  // GnuPG 2.1 moved the keys out of secring.gpg, which old configurations name. A restore must not fail over that.
  warn(
    `[gpg] secret_keyring ${file} is missing or empty; the keys of the default GnuPG home are used instead`,
  );
  return undefined;
}

/** What gpg says of a key tells what to do; it says so in English (see childEnvironment). */
function findRemedy(messages: string, config: GpgConfig | undefined): string | undefined {
  const where = config?.secretKeyring === undefined ? 'the default GnuPG home' : config.secretKeyring;
  if (/No pinentry|Bad passphrase/i.test(messages)) {
    return `Its secret key in ${where} has a passphrase, which no one can enter here: let [gpg] secret_keyring name a copy of the key without one`;
  }
  if (!/No secret key/i.test(messages)) return undefined;
  return `The secret key it was encrypted for is not in ${where}: let [gpg] secret_keyring name a file that holds it (gpg --export-secret-keys > FILE)`;
}
