import { pino, stdTimeFunctions } from 'pino';
import { escapeInLines } from '../foreign-text.ts';
import type { LogSink } from '../log.ts';

/** What each line of the structured log says of the run that wrote it. */
export interface RunIdentity {
  /** Random, one for each process. */
  readonly run: string;
  readonly host: string;
  /** As on the command line: `backup`, `restore file`. Absent where the command line could not be read. */
  readonly command?: string;
  /** Of `backup`. */
  readonly runType?: string;
}

/**
 * The structured log: each message as a JSON object in a line of its own (docs/usage.md lists the fields), handed to `write`
 * before it returns. What steers a terminal is escaped as JSON escapes it, so that a parser reads the text as it was.
 */
export function createJsonSink(identity: RunIdentity, write: (line: string) => void): LogSink {
  const logger = pino(
    {
      level: 'debug',
      base: identity,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => write(escapeInLines(line)) },
  );
  // pino formats `%s` and the like in a first argument that is a text, and file names may hold them.
  return (level, message, fields) => logger[level]({ ...fields, msg: message });
}
