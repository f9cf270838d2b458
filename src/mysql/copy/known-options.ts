import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, ProcessError, TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import type { Flavour } from '../flavours.ts';
import { allowOptions } from './allowed-options.ts';
import { BACKUP_MY_CNF, dropUnknownOptions, readKnownOptions } from './backup-my-cnf.ts';
import type { BackupPrograms } from './programs.ts';

/** The names of the options that a program knows, or why they cannot be told. */
export type KnownOptions =
  | {
      readonly names: ReadonlySet<string>;
      /** Where a server has its plugins; undefined of other programs. */
      readonly pluginDir: string | undefined;
    }
  | { readonly names: undefined; readonly reason: string };

/** The option files of this host must not add to what a program is asked, nor make it fail. */
const NO_DEFAULTS = '--no-defaults';

/** What the program that prepares a copy knows. Throws its ProcessError, and the reason of `signal` when that has aborted. */
export async function readProgramOptions(
  { backup, debianPackage }: Pick<BackupPrograms, 'backup' | 'debianPackage'>,
  signal: AbortSignal,
): Promise<KnownOptions> {
  const args = [NO_DEFAULTS, '--help'];
  return understand(backup, await captureOutput({ command: backup, args, debianPackage }, signal));
}

/** How long the server may take to tell them, in milliseconds; it takes a fraction of a second. */
const PATIENCE_MS = 60_000;

/**
 * What the server on this host knows. Where no such server is installed, as on a host that only keeps copies, or it cannot be
 * asked, or says nothing within `patience` milliseconds, that is the reason, and no error: a copy can be prepared without it.
 * Throws the reason of `signal` when that has aborted. In any case nothing runs any more then.
 */
export async function readServerOptions(
  flavour: Pick<Flavour, 'family' | 'package' | 'serverPrograms'>,
  signal: AbortSignal,
  patience = PATIENCE_MS,
): Promise<KnownOptions> {
  const limit = AbortSignal.timeout(patience);
  const ends = AbortSignal.any([signal, limit]);
  const reasons: string[] = [];
  for (const command of flavour.serverPrograms) {
    try {
      const args = [NO_DEFAULTS, '--verbose', '--help'];
      const help = await captureOutput({ command, args, debianPackage: flavour.package }, ends);
      if (/mariadb/i.test(help) === (flavour.family === 'mariadb')) return understand(command, help);
      reasons.push(`${command} is another kind of server`);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted)
        return { names: undefined, reason: `${command} did not tell it within ${patience / 1000} seconds` };
      // Of a program that cannot even be started, as without memory, the reason is no ProcessError.
      reasons.push(error instanceof ProcessError ? error.message : `${command}: ${describeError(error)}`);
    }
  }
  return { names: undefined, reason: reasons.join(', ') };
}

function understand(command: string, help: string): KnownOptions {
  const names = readKnownOptions(help);
  if (names === undefined) return { names, reason: `the help of ${command} lists no options` };
  // Behind the options come their values.
  const [, pluginDir] = /^plugin-dir\s+(\/.*?)\s*$/m.exec(help) ?? [];
  return { names, pluginDir };
}

/**
 * Drops from a copy's backup-my.cnf what is not among the `known` options, so that a program can be started with that file.
 * Returns the options' names.
 */
export async function fitTo(known: ReadonlySet<string>, dir: string): Promise<readonly string[]> {
  return await rewrite(dir, (content) => dropUnknownOptions(content, known));
}

/**
 * Rebuilds the backup-my.cnf of an unpacked copy from what decides how its data are read. Returns the names of what else was in it.
 */
export async function keepAllowedOptions(dir: string): Promise<readonly string[]> {
  return await rewrite(dir, allowOptions);
}

async function rewrite(
  dir: string,
  change: (content: string) => { readonly content: string; readonly dropped: readonly string[] },
): Promise<readonly string[]> {
  const path = join(dir, BACKUP_MY_CNF);
  try {
    const before = await readFile(path, 'utf8');
    const { content, dropped } = change(before);
    if (content !== before) await writeFile(path, content);
    return dropped;
  } catch (cause) {
    throw new TwinDbError(`Cannot take the options for preparing the copy from ${path}`, { cause });
  }
}
