import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../make-folder.ts';
import { captureOutput } from '../../process/capture.ts';
import { type Action, isKept, wordsOf } from './actions.ts';
import { move } from './move.ts';

/** What an action needs beside its own words. */
export interface Performing {
  readonly signal: AbortSignal;
  readonly log: { readonly info: (message: string) => void };
  /** Throws when a server is at work on the data. */
  readonly requireStopped: () => Promise<void>;
  /** Starts the service of the server; throws the reason when it does not. */
  readonly start: () => Promise<void>;
}

/** Does one action, also when it was begun before and interrupted. Throws the system's error or a TwinDbError. */
export async function perform(
  action: Action,
  { signal, log, requireStopped, start }: Performing,
): Promise<void> {
  switch (action.do) {
    case 'note':
      return log.info(action.text);
    case 'stop':
      return await requireStopped();
    case 'make':
      return await make(action, signal);
    case 'move':
      return await move(action.from, action.to, signal);
    case 'move-into': {
      const { from, to } = action;
      for (const name of await namesFor(action)) {
        signal.throwIfAborted();
        await move(join(from, name), join(to, name), signal);
      }
      return;
    }
    case 'chown':
    case 'chmod':
    case 'relabel':
      await run(wordsOf(action), signal);
      return;
    case 'start':
      return await start();
  }
}

async function make(
  { folder, mode, owner }: Extract<Action, { do: 'make' }>,
  signal: AbortSignal,
): Promise<void> {
  await makeFolder(folder, mode);
  if (owner !== undefined) await run(['chown', owner, folder], signal);
}

/** Where all are meant they are those that are still there: an interrupted call has moved the others. */
async function namesFor({
  from,
  names,
  prefix = '',
}: Extract<Action, { do: 'move-into' }>): Promise<readonly string[]> {
  if (names !== undefined) return names;
  return (await readdir(from)).filter((name) => name.startsWith(prefix) && isKept(name));
}

async function run([command, ...args]: readonly [string, ...string[]], signal: AbortSignal): Promise<void> {
  await captureOutput({ command, args }, signal);
}
