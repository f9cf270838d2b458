import { setTimeout as delay } from 'node:timers/promises';
import type { MysqlConfig } from '../../config/config.ts';
import { describeError, LockTimeoutError } from '../../errors.ts';
import { connectMysql } from '../../mysql/server/server.ts';
import { backUpBinlogs } from '../backup/back-up-binlogs.ts';
import { ensureKey, withUsableKeys } from '../backup/ensure-key.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { confirmEntries } from '../record/record-copy.ts';
import { withRunLock } from '../with-run-lock.ts';
import { Change } from './change.ts';
import { Trouble } from './trouble.ts';

/** After how long closed logs are looked for although the server has not said that it closed one, in milliseconds. */
const USUAL_MS = 10 * 60_000;

/** The same after a failure, and while a run of cron has the lock. */
const RETRY_MS = 30_000;

interface SealOptions {
  /** The lock of the runs: what a run copies at the moment is left to it. */
  readonly lock: { readonly path: string };
  readonly mysql: MysqlConfig;
}

/**
 * Copies the logs that the server has closed as a run of cron does, with their entries in the status, and removes their parts then. What a run
 * has copied meanwhile is not copied again, as both go by the status.
 */
export class LogSealer {
  readonly #context: JobContext;
  readonly #options: SealOptions;
  readonly #trouble: Trouble;
  readonly #changed = new Change();
  #isWanted = true;

  /** The signal of the context ends `run` at any point. */
  constructor(options: SealOptions, context: JobContext) {
    this.#options = options;
    this.#context = context;
    this.#trouble = new Trouble(context.log);
  }

  /** The server has closed a log. */
  want(): void {
    this.#isWanted = true;
    this.#changed.happen();
  }

  /** Does so until the signal aborts, whose reason it throws. Failures are said, and are tried again. */
  async run(): Promise<never> {
    for (;;) {
      this.#isWanted = false;
      const pause = await this.#try();
      const waiting = new AbortController();
      const timer = delay(pause, undefined, {
        signal: AbortSignal.any([this.#context.signal, waiting.signal]),
      }).catch(() => undefined);
      if (!this.#isWanted) await Promise.race([timer, this.#changed.next()]);
      waiting.abort();
      this.#context.signal.throwIfAborted();
    }
  }

  /** Returns how long to wait until the next time, in milliseconds. */
  async #try(): Promise<number> {
    const { log, signal } = this.#context;
    try {
      await this.#seal();
      this.#trouble.over('The logs that the server has closed are stored as a whole again');
      return USUAL_MS;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LockTimeoutError && !error.isOverdue) {
        log.debug(`Closed logs are left to the run that has the lock: ${describeError(error)}`);
      } else {
        this.#trouble.failed(
          error,
          'The logs that the server has closed are not stored as a whole, but in parts. It is tried again.',
        );
      }
      return RETRY_MS;
    }
  }

  async #seal(): Promise<void> {
    const { log, signal } = this.#context;
    const { mysql, lock } = this.#options;
    const holding = { what: 'storing the binary logs that the server has closed' };
    await using server = await connectMysql(mysql, log, signal);
    await withRunLock({ ...lock, holding, waitSeconds: 0 }, this.#context, async (locked) => {
      const context = withUsableKeys(locked, (error) => log.warn(describeError(error)));
      const places = await openPlaces(context);
      // It may come before the first run.
      await ensureKey(places, context);
      await backUpBinlogs(server, mysql, places.binlog, context, { closes: false });
      await confirmEntries(places.binlog);
    });
  }
}
