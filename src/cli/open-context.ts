import { availableParallelism, hostname } from 'node:os';
import { readConfig } from '../config/read-config.ts';
import { openLocal } from '../destinations/local.ts';
import { openDestination } from '../destinations/open.ts';
import type { JobContext } from '../jobs/job-context.ts';
import type { Log } from '../log.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Reads the configuration and opens the places it names. Disposing of the result closes them. */
export async function openContext(
  configPath: string,
  env: { readonly log: Log; readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<JobContext & AsyncDisposable> {
  const { log, terminal, signal } = env;
  const config = readConfig(configPath, (message) => log.warn(message));
  const remote = await openDestination(config.destination, log);
  const local =
    config.keepLocalPath === undefined
      ? undefined
      : openLocal({ kind: 'local', backupDir: config.keepLocalPath }, log);
  return {
    config,
    host: hostname(),
    remote,
    local,
    log,
    progress: createProgress(terminal),
    signal,
    cores: availableParallelism(),
    now: () => new Date(),
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]();
      await local?.[Symbol.asyncDispose]();
    },
  };
}
