import type { HooksConfig } from '../../config/hooks.ts';
import type { RunType } from '../../copies/run-type.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { runCommand } from '../../process/run-command.ts';
import type { JobContext } from '../job-context.ts';
import { showStep } from '../show-step.ts';
import type { Failures } from './failures.ts';

/** How long a command may take when the run was interrupted, in milliseconds: longer counts as stuck. */
const HASTE_MS = 5000;

/** Characters of the messages that a command gets: Linux allows 128 KiB for a variable. */
const MAX_MESSAGE = 16_384;

const OPTIONS = { before: 'before', after: 'after', onFailure: 'on_failure' } satisfies Record<
  keyof HooksConfig,
  string
>;

/** What the commands of section [hooks] are told of a run. */
interface HookedRun {
  readonly runType: RunType;
  readonly failures: Failures;
}

/**
 * Runs the commands of section [hooks] around the work, which says whether all went well. `before` fails: there is no work.
 * The others run however the work ended; theirs are failures of the run, which go to the log.
 */
export async function withHooks(
  { runType, failures }: HookedRun,
  context: JobContext,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const { config, host, log, signal } = context;
  const call = (
    hook: keyof HooksConfig,
    outcome: string,
    message: string,
    ends: AbortSignal,
  ): Promise<void> =>
    showStep(context, ['Running [hooks]', OPTIONS[hook]], () =>
      runHook(
        { name: OPTIONS[hook], words: config.hooks[hook] },
        {
          TWINDB_RUN_TYPE: runType,
          TWINDB_HOST: host,
          TWINDB_CONFIG: config.file,
          TWINDB_OUTCOME: outcome,
          // What programs and servers said may hold a NUL, which no environment can.
          TWINDB_MESSAGE: message.replaceAll('\0', ' ').slice(0, MAX_MESSAGE),
        },
        { log, signal: ends },
      ),
    );
  /** After the run: a command that fails is one more failure. */
  const conclude = async (hook: keyof HooksConfig, succeeded: boolean, error?: unknown): Promise<boolean> => {
    const ends = signal.aborted ? AbortSignal.timeout(HASTE_MS) : signal;
    try {
      await call(hook, succeeded ? 'success' : 'failure', failures.describe(error), ends);
      return true;
    } catch (problem) {
      log.error(describeError(problem));
      return false;
    }
  };
  let succeeded: boolean;
  try {
    await call('before', '', '', signal);
    succeeded = await work();
  } catch (problem) {
    // A command that was ended with the run is no failure of its own.
    const error: unknown = signal.aborted ? signal.reason : problem;
    await conclude('onFailure', false, error);
    await conclude('after', false, error);
    throw error;
  }
  if (!succeeded) await conclude('onFailure', false);
  return (await conclude('after', succeeded)) && succeeded;
}

/** Runs one command, if there is one. Throws a TwinDbError that names the option when it fails. */
async function runHook(
  { name, words: [command, ...args] }: { readonly name: string; readonly words: readonly string[] },
  environment: Readonly<Record<string, string>>,
  { log, signal }: Pick<JobContext, 'log' | 'signal'>,
): Promise<void> {
  if (command === undefined) return;
  log.debug(`Running [hooks] ${name}: ${command}`);
  try {
    const output = await runCommand({ command, args, environment }, signal);
    if (output.trim() !== '') log.debug(`[hooks] ${name} printed: ${output.trim()}`);
  } catch (cause) {
    const left = name === OPTIONS.before ? 'Nothing was backed up: the' : 'The';
    throw new TwinDbError(`${left} command of [hooks] ${name} failed`, { cause });
  }
}
