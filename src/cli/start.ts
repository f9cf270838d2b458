import type { Command } from 'commander';
import type { CommandContext } from '../commands/command.ts';

/**
 * Makes commander's action of a command, which is loaded when it is called: it gets its arguments and options as commander gives
 * them, and then the context.
 */
export type Start = <Given extends unknown[]>(
  load: () => Promise<(...given: [...Given, CommandContext]) => Promise<boolean>>,
) => (...given: [...Given, Command]) => Promise<void>;

/** `run` makes the context for what it is given, and says the result. */
export function startWith(
  run: (command: (context: CommandContext) => Promise<boolean>) => Promise<void>,
): Start {
  return (load) =>
    (...given) =>
      run(async (context) => {
        const command = await load();
        return await command(...withoutLast(given), context);
      });
}

/** commander gives itself last. */
function withoutLast<Given extends unknown[]>(given: [...Given, Command]): Given {
  return given.slice(0, -1) as Given;
}
