import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config, DestinationConfig, MysqlConfig } from '../config/config.ts';
import { type Doubt, findDoubtfulFiles } from '../config/doubtful-files.ts';
import { readConfig } from '../config/read-config.ts';
import type { Destination } from '../destinations/destination.ts';
import { openDestination } from '../destinations/drivers.ts';
import { untilAborted } from '../destinations/until-aborted.ts';
import { openIntegrity } from '../integrity/integrity.ts';
import type { JobContext } from '../jobs/job-context.ts';
import { machineIdOf } from '../lock/machine-id.ts';
import { openStoredRecord } from '../lock/stored-record.ts';
import { openVerifiedRecord } from '../lock/verified-record.ts';
import type { Log } from '../log.ts';
import { createRateLimit } from '../pipeline/rate-limit.ts';
import { ownHostName } from './host-name.ts';
import { openProgress } from './open-progress.ts';
import { DEFAULT_CONFIG_FILE } from './program.ts';
import { takePriority } from './take-priority.ts';
import type { Terminal } from './terminal.ts';

/** How long closing the connections may take after a signal, in milliseconds. */
const GOODBYE_MS = 1000;

/** What the command line says about the context. */
interface ContextOptions {
  /** Path of the configuration file. */
  readonly config: string;
  readonly xtrabackupBinary?: string;
}

/** Reads the configuration and opens the places it names. Disposing of the result closes them. */
export async function openContext(
  options: ContextOptions,
  env: {
    readonly log: Log;
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
    /** Called as soon as the file has been read. */
    readonly onConfig?: (config: Config) => Promise<void>;
  },
): Promise<JobContext & AsyncDisposable> {
  const { log, terminal, signal } = env;
  const file = readConfig(options.config, (message) => log.warn(message));
  await env.onConfig?.(file);
  const configFile = resolve(options.config);
  const programs = choosePrograms(options, file.mysql);
  const config: Config = { ...file, mysql: file.mysql && { ...file.mysql, ...programs } };
  const open = (opened: Destination) => untilAborted(opened, signal);
  const destination = open(await openDestination(config.destination, log, config));
  const local =
    config.keepLocalPath === undefined
      ? undefined
      : open(await openDestination({ kind: 'local', backupDir: config.keepLocalPath }, log));
  return {
    config,
    configFile: configFile === DEFAULT_CONFIG_FILE ? undefined : configFile,
    host: config.hostName ?? ownHostName(),
    machineId: () => machineIdOf(config.hostName),
    destination,
    local,
    programs,
    integrity: openIntegrity(config.integrity),
    stored: openStoredRecord(identify(config.destination, destination)),
    verified: openVerifiedRecord(identify(config.destination, destination)),
    log,
    warnLasting: (_state, message) => log.warn(message),
    doubts: [...findDoubtfulFiles(config), ...(await findLogDoubts(config)), ...(await takePriority(config))],
    rateLimit: config.limits.maxRate === undefined ? undefined : createRateLimit(config.limits.maxRate),
    progress: await openProgress(terminal),
    signal,
    cores: availableParallelism(),
    now: () => new Date(),
    async [Symbol.asyncDispose]() {
      const closed = Promise.all([destination[Symbol.asyncDispose](), local?.[Symbol.asyncDispose]()]);
      // A connection that was never answered ends with the process.
      await (signal.aborted ? Promise.race([closed, delay(GOODBYE_MS)]) : closed);
    },
  };
}

/** What tells a destination from others: two servers may have buckets of one name. */
function identify(config: DestinationConfig, { url }: Destination): string {
  return config.kind === 's3' && config.endpointUrl !== undefined ? `${url} ${config.endpointUrl}` : url;
}

/** Who else may change the log file, where there is one. */
async function findLogDoubts({ logFile }: Config): Promise<Doubt[]> {
  if (logFile === undefined) return [];
  const { findLogFolderDoubts } = await import('./log-file.ts');
  return await findLogFolderDoubts(logFile);
}

/** The command line wins, also over a configuration without a [mysql] section. */
function choosePrograms(options: ContextOptions, mysql: MysqlConfig | undefined): JobContext['programs'] {
  return {
    xtrabackupBinary: options.xtrabackupBinary ?? mysql?.xtrabackupBinary,
  };
}
