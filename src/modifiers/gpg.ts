import { resolve } from 'node:path';
import type { GpgConfig } from '../config/config.ts';
import { captureOutput } from '../process/capture.ts';
import type { Program } from '../process/program.ts';
import { requireUsableKey } from './gpg-recipient.ts';
import { openSecretKeyring } from './gpg-secret-keyring.ts';
import type { Modifier } from './modifier.ts';

const UNATTENDED = ['--no-tty', '--batch', '--yes', '--quiet'];

/** A gpg call that never asks anything. */
function gpgProgram(args: readonly string[]): Program {
  return { command: 'gpg', args: [...UNATTENDED, ...args], debianPackage: 'gnupg' };
}

/**
 * Asymmetric encryption by gpg. On damaged input gpg writes plaintext first and fails afterwards, so only its exit
 * code tells; the pipeline waits for that.
 */
export function createGpg(config: GpgConfig): Modifier {
  return {
    suffix: '.gpg',
    apply: () => encrypt(config),
    invert: () => decrypt(config),
  };
}

async function encrypt(config: GpgConfig): Promise<Program> {
  const keyring =
    config.keyring === undefined ? [] : ['--no-default-keyring', '--keyring', resolve(config.keyring)];
  await requireUsableKey(config, (args) => captureOutput(gpgProgram([...keyring, ...args])));
  // The data is compressed already; compressing it again would make gpg nine times slower (contract D11).
  const options = ['--trust-model', 'always', '--no-auto-key-locate', '--compress-algo', 'none'];
  return gpgProgram([...keyring, ...options, '--recipient', config.recipient, '--encrypt']);
}

async function decrypt(config: GpgConfig): Promise<Program> {
  if (config.secretKeyring === undefined) return gpgProgram(['--decrypt']);
  const keyring = await openSecretKeyring(resolve(config.secretKeyring));
  return { ...gpgProgram(['--homedir', keyring.homedir, '--decrypt']), release: keyring.release };
}
