import { type CommandPage, flatten, type OptionPage } from './command-page.ts';

/** Completions for fish: a `complete` line for each word that may follow (fish's complete(1)). */
export function renderFishCompletion(program: CommandPage): string {
  return `# fish completion for twindb-backup
# Made from the command tree by packaging/manual; do not edit.

${flatten(program).flatMap(renderCommand).join('\n')}
`;
}

function renderCommand(command: CommandPage): string[] {
  const inside = condition(command);
  const children = command.children.map((child) => child.path.at(-1) ?? '');
  // A command's own words follow only until one of them is there.
  const open =
    children.length > 0 ? [...inside, `not __fish_seen_subcommand_from ${children.join(' ')}`] : inside;
  return [
    ...command.children.map((child) => line(open, `-f -a ${child.path.at(-1) ?? ''}`, child.description)),
    ...command.arguments.flatMap(({ choices }) =>
      choices.length > 0 ? [line(inside, `-f -a ${quoted(choices.join(' '))}`)] : [],
    ),
    ...command.options.map((option) => line(open, renderOption(option), option.summary)),
  ];
}

/** Holds on a command line that has come to this command. */
function condition(command: CommandPage): string[] {
  return command.path.map((word) => `__fish_seen_subcommand_from ${word}`);
}

function renderOption({ names, takesValue, choices }: OptionPage): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
  return `${flags.join(' ')}${value}`;
}

function line(conditions: readonly string[], words: string, description?: string): string {
  const when = conditions.length > 0 ? ` -n ${quoted(conditions.join('; and '))}` : '';
  const what = description === undefined ? '' : ` -d ${quoted(description)}`;
  return `complete -c twindb-backup${when} ${words}${what}`;
}

/** fish's single quotes keep a backslash only before a quote or another backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
