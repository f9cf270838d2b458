import type { SFTPWrapper } from 'ssh2';
import type { Log } from '../../log.ts';
import { connect, type SshConnection, type SshTarget, type SshTiming } from '../../ssh/connect.ts';
import { REQUEST_LIMITS, type RequestLimits, watchAnswers } from '../request-limits.ts';

/** Status codes of SFTP that are told apart here. Source: draft-ietf-secsh-filexfer-02, section 7. */
export const END_OF_FILE = 1;
export const NO_SUCH_FILE = 2;
export const PERMISSION_DENIED = 3;
export const FAILURE = 4;
const OP_UNSUPPORTED = 8;

/** What ssh2 says of requests that the end of the channel left without an answer. */
const NO_RESPONSE = 'No response from server';

/** What ssh2 says of an extension that the server has not announced. */
const NOT_ANNOUNCED = 'Server does not support this extended request';

/** ssh2's callbacks: an error, or none and the answer. */
type Answer<T> = (error?: Error | null, value?: T) => void;

/** Requests that wait for a disk are slow. */
type Speed = 'usual' | 'slow';

/** An SFTP session on a connection of its own. Disposing of it closes both. */
export interface SftpSession extends AsyncDisposable {
  /** False when the connection is gone: a new session is needed. */
  isOpen(): boolean;
  /**
   * Starts one request and waits for its answer. Rejects with the server's status (see `statusOf`), and, when the
   * connection is lost before the answer, with the reason of that. A server that hangs counts as a lost connection; `speed`
   * says which of the limits the request has.
   */
  call<T = void>(start: (sftp: SFTPWrapper, answer: Answer<T>) => void, speed?: Speed): Promise<T>;
  /** `call` for an extension of OpenSSH's; undefined when the server does not have it. */
  callExtension<T = true>(
    start: (sftp: SFTPWrapper, answer: Answer<T>) => void,
    speed?: Speed,
  ): Promise<T | true | undefined>;
}

/** The status code that an SFTP server answered with; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** Connects and starts SFTP. Throws a TwinDbError of `connect`, or the reason why there is no SFTP. */
export async function openSession(
  target: SshTarget,
  log: Log,
  timing?: SshTiming,
  limits = REQUEST_LIMITS,
): Promise<SftpSession> {
  const connection = await connect(target, log, timing);
  try {
    return await startSftp(connection, limits);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

async function startSftp(connection: SshConnection, limits: RequestLimits): Promise<SftpSession> {
  const { client } = connection;
  const pending = new Set<(reason: Error) => void>();
  let open = true;
  let failure: Error | undefined;
  // Wrapped: the codes of a lost connection are none of SFTP's.
  const lost = (): Error =>
    new Error('the connection to the server was lost', { cause: connection.failure() ?? failure });
  const end = (): void => {
    open = false;
    for (const reject of pending) reject(lost());
    client.end();
  };
  client.once('close', end);
  const watch = watchAnswers(limits, (ms) => {
    failure ??= new Error(`the server has answered no request for ${ms / 1000} s: it hangs`);
    end();
  });

  /** ssh2 never answers what is asked after the end, and some of what was pending with a message of its own. */
  const track = <T>(start: (answer: Answer<T>) => void, speed: Speed = 'usual'): Promise<T> => {
    if (!open) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const answered = watch.asked(speed === 'slow');
      const settle: Answer<T> = (error, value) => {
        answered();
        pending.delete(reject);
        if (error) reject(error.message === NO_RESPONSE ? lost() : error);
        else resolve(value as T);
      };
      pending.add(reject);
      try {
        start(settle);
      } catch (error) {
        settle(error as Error);
      }
    });
  };

  const sftp = await track<SFTPWrapper>((answer) => client.sftp(answer)).catch((cause: unknown) => {
    throw new Error('the server does not start SFTP', { cause });
  });
  sftp.on('error', (error: Error) => {
    failure ??= error;
    end();
  });
  // The server's SFTP process is gone: nothing more will come on this channel.
  sftp.once('end', end);
  sftp.once('close', end);

  const call: SftpSession['call'] = (start, speed) => track((answer) => start(sftp, answer), speed);
  return {
    isOpen: () => open,
    call,
    async callExtension(start, speed) {
      try {
        return (await call(start, speed)) ?? true;
      } catch (error) {
        if (statusOf(error) === OP_UNSUPPORTED || (error as Error).message === NOT_ANNOUNCED)
          return undefined;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
