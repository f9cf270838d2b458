import { setTimeout as delay } from 'node:timers/promises';
import { firstErrorOf, hasCode } from '../errors.ts';
import type { Log } from '../log.ts';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5_000;

/** The server closed the connection before it let anyone in, without a reason. */
export class HungUpError extends Error {
  constructor() {
    super('the server closed the connection');
    this.name = 'HungUpError';
  }
}

/** What says that the server has no time: nobody listens while it restarts, and beyond MaxStartups sshd hangs up at random. */
const REFUSALS: readonly string[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

/** What ssh2 says when the server hung up before its first line. */
const NO_HANDSHAKE = 'Connection lost before handshake';

function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof HungUpError || error.message === NO_HANDSHAKE || hasCode(error, ...REFUSALS))
    return true;
  return isRefusal(firstErrorOf(error.cause));
}

/**
 * Connects, and does so again while it is refused, until `forMs` milliseconds have passed since the first attempt. The moments are random: those who
 * were refused together would be refused together again. Any other failure, such as a wrong key, is thrown at once.
 */
export async function redial<T>(connect: () => Promise<T>, forMs: number, log: Log): Promise<T> {
  const started = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      const wait =
        Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      if (!isRefusal(error) || performance.now() - started + wait > forMs) throw error;
      log.debug(`SSH: attempt ${attempt} was refused, the next one in ${Math.round(wait)} ms`);
      await delay(wait);
    }
  }
}
