import type { Writable } from 'node:stream';
import { quote } from 'shlex';
import type { ClientChannel } from 'ssh2';
import { type ProgramEnd, TwinDbError } from '../errors.ts';
import type { Program } from '../process/program.ts';
import { StderrTail } from '../process/stderr-tail.ts';
import type { SshConnection } from './connect.ts';

/** How a command on the other side ended, and what it wrote to stdout. */
export interface RemoteEnd extends ProgramEnd {
  readonly stdout: string;
  /** The first line of its stderr that means failure, where the listener looks for such lines. */
  readonly failure?: string | undefined;
}

/** What gets the lines that a command writes to stderr, takes secrets out of them before, and knows which mean failure. */
export type Listener = Pick<Program, 'onStderrLine' | 'redact' | 'failureLine'>;

/** A command that runs on the other side. */
export interface RemoteCommand {
  readonly stdin: Writable;
  /** The first line that it writes to stdout; empty when it has ended without one. */
  readonly firstLine: Promise<string>;
  /** Settles when it has ended. Rejects when the connection was lost before, for then nobody knows. */
  readonly ended: Promise<RemoteEnd>;
  /** Hangs up: its stdin ends, its stdout breaks. Resolves when the channel is closed. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a command with these words as its arguments: each is quoted, as SSH hands one line to the login shell of the user,
 * which has to be a POSIX one. `listener` gets what it says, as it comes. Throws a TwinDbError when it cannot be started.
 */
export async function startRemote(
  connection: SshConnection,
  words: readonly string[],
  listener: Listener = {},
): Promise<RemoteCommand> {
  return await openChannel(connection, words.map(quote).join(' '), (channel) =>
    watch(channel, connection, listener),
  );
}

/** Turns a channel whose command has just started into a value that tells of its end. */
function watch(channel: ClientChannel, connection: SshConnection, listener: Listener): RemoteCommand {
  const tail = new StderrTail(channel.stderr, listener);
  let stdout = '';
  let [hasLine, sayLine] = [false, (_line: string) => {}];
  const firstLine = new Promise<string>((resolve) => {
    sayLine = resolve;
  });
  channel.setEncoding('utf8');
  channel.on('data', (text: string) => {
    stdout += text;
    if (hasLine || !text.includes('\n')) return;
    hasLine = true;
    sayLine(stdout.slice(0, stdout.indexOf('\n')));
  });
  let exit: Pick<ProgramEnd, 'exitCode' | 'signal'> | undefined;
  channel.on('exit', (exitCode: number | null, signal: ProgramEnd['signal'] = null) => {
    exit = { exitCode, signal };
  });
  const closed = new Promise<void>((resolve) => {
    channel.once('close', () => {
      sayLine('');
      resolve();
    });
  });
  // Its end tells why it stopped reading.
  channel.on('error', () => undefined);
  const ended = closed.then(() => {
    if (exit !== undefined) return { ...exit, stdout, stderr: tail.lines, failure: tail.failure };
    throw new TwinDbError('the connection was lost', { cause: connection.failure() });
  });
  // Whoever needs it awaits it; a command that is given up must not end the process.
  ended.catch(() => undefined);
  return {
    stdin: channel,
    firstLine,
    ended,
    async close() {
      channel.close();
      await closed;
    },
  };
}

/**
 * `opened` is called at once, not a turn of the event loop later: the answer to a short command comes in the same packet as the
 * news that it has started, and the channel tells its end only once.
 */
function openChannel<T>(
  connection: SshConnection,
  command: string,
  opened: (channel: ClientChannel) => T,
): Promise<T> {
  const { client } = connection;
  return new Promise((resolve, reject) => {
    const lost = () => reject(new TwinDbError('the connection was lost', { cause: connection.failure() }));
    client.once('close', lost);
    try {
      client.exec(command, (error, channel) => {
        client.off('close', lost);
        if (error) reject(new TwinDbError('the server starts no command', { cause: error }));
        else resolve(opened(channel));
      });
    } catch (cause) {
      client.off('close', lost);
      // ssh2 throws when the connection has gone already.
      reject(new TwinDbError('the connection was lost', { cause: connection.failure() ?? cause }));
    }
  });
}
