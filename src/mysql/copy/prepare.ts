import type { ProgramEnd } from '../../errors.ts';
import type { Program } from '../../process/program.ts';
import type { Flavour } from '../flavours.ts';
import { redactSecrets } from '../server/blank-secrets.ts';
import { type BackupPrograms, LAST_WORDS } from './programs.ts';

function remedyForDisk({ stderr }: ProgramEnd): string | undefined {
  return stderr.some((line) => /No space left on device|Errcode: 28|OS errno 28/i.test(line))
    ? 'Make room there, or name a folder on another file system with --dst.'
    : undefined;
}

/** mbstream or xbstream, by its path, and the package that holds it. */
interface StreamProgram extends Pick<BackupPrograms, 'debianPackage'> {
  readonly stream: string;
}

/** A stage that takes the stream of a copy and gives back its files below `dst`, which must exist. */
export function extractCopy({ stream, debianPackage }: StreamProgram, dst: string): Program {
  return {
    command: stream,
    args: ['-x', '-C', dst],
    debianPackage,
    remedyFor: remedyForDisk,
    // Without trouble it says nothing; a file that it cannot make, or a name that it refuses, leaves exit code 0.
    failureLine: /\b(failed|invalid|error)\b/i,
  };
}

interface Preparation {
  /** The folder of the full copy. */
  readonly target: string;
  /** Bytes of memory to use. */
  readonly memory: number;
  /** Where the plugins are that the copy needs; undefined: it needs none, or the program knows by itself. */
  readonly pluginDir?: string | undefined;
  /** `whole`: nothing follows. `base`: an incremental copy will be applied to it. Else the folder of the incremental copy. */
  readonly step: 'whole' | 'base' | { readonly incremental: string };
}

/** Makes a datadir of an extracted copy, in one step or, with an incremental copy, in two (contract: restore mysql). */
export function prepareCopy(
  { backup, debianPackage }: Pick<BackupPrograms, 'backup' | 'debianPackage'>,
  flavour: Pick<Flavour, 'prepareBaseOptions'>,
  { target, memory, pluginDir, step }: Preparation,
): Program {
  return {
    command: backup,
    args: [
      '--prepare',
      ...(step === 'base' ? flavour.prepareBaseOptions : []),
      `--use-memory=${memory}`,
      `--target-dir=${target}`,
      ...(pluginDir === undefined ? [] : [`--plugin-dir=${pluginDir}`]),
      ...(typeof step === 'object' ? [`--incremental-dir=${step.incremental}`] : []),
    ],
    debianPackage,
    isHeavy: true,
    lastWords: LAST_WORDS,
    // Without the plugin it cannot read what it prepares, and goes on.
    failureLine: /couldn't load plugin/i,
    // It says what backup-my.cnf gives to plugins.
    redact: redactSecrets,
    remedyFor: remedyForDisk,
  };
}

/** What the backup program would use by itself, in bytes. */
const LEAST_MEMORY = 100 << 20;

/**
 * Half of what /proc/meminfo says is available, in bytes (contract: restore mysql), and of `limit`: a container may have less
 * than its machine, and who takes more is killed.
 */
export function halfOfAvailable(meminfo: string, limit: number): number {
  const available = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024;
  // Node.js says 0 where there is no limit, or more than any machine has.
  return Math.max(LEAST_MEMORY, Math.floor(Math.min(available, limit || available) / 2));
}
