/** What a message is about, for the structured log (`[log] file`, `--log-format json`). Its text says the same in words. */
export interface LogFields {
  /** Key of the copy at the destination. */
  readonly key?: string;
  /** Bytes of the object. */
  readonly bytes?: number;
  /** How long it took. */
  readonly seconds?: number;
  /** What the process tells its caller. */
  readonly exitCode?: number;
}

/** Where messages for the operator go. Nothing below `cli/` and `jobs/` logs an error and goes on: it throws. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Warns of a state that lasts until somebody changes it. `state` names it, and is never shown; `essence` is what makes it another one, where that is
 * not the whole message.
 */
export type WarnLasting = (state: string, message: string, essence?: string) => void;

/** Takes one finished message; `cli/` decides where it goes and how it looks. It has written when it returns: a killed process loses nothing. */
export type LogSink = (level: LogLevel, message: string, fields?: LogFields) => void;

/** From the least important to the most. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** A log that hands each message of `level` and above to `sink`. */
export function createLog(level: LogLevel, sink: LogSink): Log {
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(own) >= LEVELS.indexOf(level)) sink(own, message, fields);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
