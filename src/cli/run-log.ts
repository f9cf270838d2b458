import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Config } from '../config/config.ts';
import { findSecrets, hider } from '../config/secret.ts';
import { describeError, TwinDbError } from '../errors.ts';
import { createLog, type Log, type LogSink } from '../log.ts';
import type { RunIdentity } from './json-lines.ts';
import { createSink, type Terminal, writeAll } from './terminal.ts';

/** What the command line says of the log. */
interface LogOptions {
  readonly debug?: boolean;
  readonly quiet?: boolean;
  readonly logFormat: 'json' | 'text';
  /** What a service says is read later, in a journal: it says what it does also where no terminal is. */
  readonly isService?: boolean;
}

/** Where the messages of this process go: stderr and stdout, and the log file as soon as the configuration names one. */
export interface RunLog extends Log {
  /** Hides the secrets of the configuration from now on and begins its log file, with what was said before. */
  configure(config: Config): Promise<void>;
}

/** pino is loaded only where a structured log is wanted. */
export async function openRunLog(
  { debug, quiet, logFormat, isService = false }: LogOptions,
  about: Pick<RunIdentity, 'command' | 'runType'>,
  terminal: Terminal,
): Promise<RunLog> {
  const identity = { run: randomBytes(8).toString('hex'), host: hostname(), ...about };
  const toJson = async (write: (line: string) => void) =>
    (await import('./json-lines.ts')).createJsonSink(identity, write);
  const text = createSink(terminal, debug || isService);
  const loud = logFormat === 'json' ? await toJson((line) => writeAll(2, line)) : text;
  const shown: LogSink = (level, ...said) => {
    if (!quiet || level !== 'info') loud(level, ...said);
  };
  if (logFormat === 'json') endWithSummary(shown);

  let hide = (message: string): string => message;
  let early: Parameters<LogSink>[] | undefined = [];
  let kept: LogSink = (...said) => early?.push(said);
  const log = createLog(debug ? 'debug' : 'info', (level, message, fields) => {
    const safe = hide(message);
    shown(level, safe, fields);
    kept(level, safe, fields);
  });
  return {
    ...log,
    async configure(config) {
      hide = hider(findSecrets(config));
      const said = early ?? [];
      early = undefined;
      if (config.logFile === undefined) return;
      const sink = await toJson(await openLogFile(config.logFile, (message) => shown('warn', message)));
      sink('info', 'Started');
      for (const each of said) sink(...each);
      endWithSummary(sink);
      kept = sink;
    },
  };
}

/** The last line of a process, whatever ends it but SIGKILL. */
function endWithSummary(sink: LogSink): void {
  process.once('exit', (exitCode) =>
    sink('info', 'Finished', { exitCode, seconds: Math.round(performance.now()) / 1000 }),
  );
}

/** Writes lines to a log file. The first failure is warned of; the run needs no log, and goes on. */
async function openLogFile(path: string, warn: (message: string) => void): Promise<(line: string) => void> {
  const { appendLine } = await import('./log-file.ts');
  let hasFailed = false;
  return (line) => {
    try {
      appendLine(path, line);
    } catch (cause) {
      if (hasFailed) return;
      hasFailed = true;
      warn(
        describeError(
          new TwinDbError(`Cannot write the log file ${path} ([log] file); the command goes on`, { cause }),
        ),
      );
    }
  };
}
