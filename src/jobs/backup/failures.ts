import { findSecrets, hider } from '../../config/secret.ts';
import { describeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { JobContext } from '../job-context.ts';

/** Failures kept: enough to see what is wrong, few enough for the environment of a program. */
const MAX_FAILURES = 50;

/** What a run has reported as failed, for those who are told of it outside the log. */
export interface Failures {
  /** The log that keeps what it is told. */
  readonly log: Log;
  /** The failures in their order, and then what ended the run, if anything did; without secrets. */
  describe(error?: unknown): string;
}

/** Keeps the failures that go to the log of a run. */
export function keepFailures({ log, config }: Pick<JobContext, 'log' | 'config'>): Failures {
  const kept: string[] = [];
  const hide = hider(findSecrets(config));
  return {
    log: {
      ...log,
      error(message, fields) {
        if (kept.length < MAX_FAILURES) kept.push(message);
        log.error(message, fields);
      },
    },
    describe(error) {
      const last = error === undefined ? [] : [describeError(error)];
      return hide([...kept, ...last].join('\n'));
    },
  };
}
