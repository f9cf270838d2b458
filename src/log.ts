import { pino } from 'pino';

/** Where messages for the operator go. Nothing below `cli/` and `jobs/` logs an error and goes on: it throws. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Takes one finished message of a level; `cli/` decides which stream it goes to and how it looks. */
export type LogSink = (level: LogLevel, message: string) => void;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Readonly<Record<number, LogLevel>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** A log that writes at once, so that nothing is lost when the process ends, and hands each message to `sink`. */
export function createLog(level: LogLevel, sink: LogSink): Log {
  const destination = {
    write(line: string): void {
      const { level: number, msg } = JSON.parse(line) as { level: number; msg: string };
      sink(LEVELS[number] ?? 'error', msg);
    },
  };
  const logger = pino({ level, base: null, timestamp: false }, destination);
  // pino formats `%s` and the like in its first argument, and file names may hold them.
  const at = (method: LogLevel) => (message: string) => logger[method]({ msg: message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
