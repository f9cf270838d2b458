import { availableParallelism, hostname } from 'node:os';
import type { Config, MysqlConfig } from '../config/config.ts';
import { readConfig } from '../config/read-config.ts';
import { openLocal } from '../destinations/local.ts';
import { openDestination } from '../destinations/open.ts';
import type { JobContext } from '../jobs/job-context.ts';
import type { Log } from '../log.ts';
import { openProgress } from './open-progress.ts';
import type { Terminal } from './terminal.ts';

/** What the command line says about the context. */
interface ContextOptions {
  /** Path of the configuration file. */
  readonly config: string;
  readonly xtrabackupBinary?: string;
  readonly xbstreamBinary?: string;
}

/** Reads the configuration and opens the places it names. Disposing of the result closes them. */
export async function openContext(
  options: ContextOptions,
  env: { readonly log: Log; readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<JobContext & AsyncDisposable> {
  const { log, terminal, signal } = env;
  const file = readConfig(options.config, (message) => log.warn(message));
  const programs = choosePrograms(options, file.mysql);
  const config: Config = { ...file, mysql: file.mysql && { ...file.mysql, ...programs } };
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
    programs,
    log,
    warnLasting: (_state, message) => log.warn(message),
    progress: await openProgress(terminal),
    signal,
    cores: availableParallelism(),
    now: () => new Date(),
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]();
      await local?.[Symbol.asyncDispose]();
    },
  };
}

/** The command line wins, also over a configuration without a [mysql] section. */
function choosePrograms(options: ContextOptions, mysql: MysqlConfig | undefined): JobContext['programs'] {
  return {
    xtrabackupBinary: options.xtrabackupBinary ?? mysql?.xtrabackupBinary,
    xbstreamBinary: options.xbstreamBinary ?? mysql?.xbstreamBinary,
  };
}
