import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { dieBy } from './interruption.ts';

/** Calls of the operating system that threads are in: to files, to name servers. */
const CALLS = /^(FSReq|GetAddrInfoReq)/;

/** How long such a call may take to return, in milliseconds, when all else is done. */
const GRACE_MS = 1000;

/** Ended by this the process shows that it had waited long enough; a shell reports it as 142. */
const OVERDUE = 'SIGALRM';

/** Those after which a command ends with the signal's code. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ends the process with this code. When a thread is in a call that does not return, as on a frozen mount, `process.exit` would wait
 * for it for ever: then by the signal that the code stands for, or by SIGALRM.
 */
export async function endProcess(exitCode: number): Promise<void> {
  for (let waited = 0; hasCalls(); waited += 50) {
    if (waited >= GRACE_MS) {
      dieBy(SIGNALS.find((name) => 128 + constants.signals[name] === exitCode) ?? OVERDUE);
      return;
    }
    await delay(50);
  }
  process.exit(exitCode);
}

function hasCalls(): boolean {
  return process.getActiveResourcesInfo().some((name) => CALLS.test(name));
}
