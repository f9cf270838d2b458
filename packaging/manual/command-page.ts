import type { Command, Option } from 'commander';

/** One option as help, manual and completions need it. */
export interface OptionPage {
  /** `--dst`, `-l`: what a user may type. */
  readonly names: readonly string[];
  /** As help shows it: `-l, --long`, `--dst <dir>`. */
  readonly term: string;
  /** With choices and default. */
  readonly description: string;
  /** What the author wrote, without them. */
  readonly summary: string;
  /** Whether a value has to follow. */
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** One argument of a command. */
export interface ArgumentPage {
  readonly name: string;
  /** As the usage line shows it: `[copies...]`. */
  readonly term: string;
  readonly description: string;
  readonly isVariadic: boolean;
  readonly choices: readonly string[];
}

/** A command of the tree, as plain values. */
export interface CommandPage {
  /** The words after `twindb-backup`: `['restore', 'mysql']`, none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly arguments: readonly ArgumentPage[];
  readonly options: readonly OptionPage[];
  readonly children: readonly CommandPage[];
}

/** Reads a command and all below it through commander's own view of them, so that it says what `--help` says. */
export function describeCommand(command: Command, path: readonly string[] = []): CommandPage {
  const help = command.createHelp();
  const describeOption = (option: Option): OptionPage => ({
    names: [option.short, option.long].filter((name) => name !== undefined),
    term: help.optionTerm(option),
    description: help.optionDescription(option),
    summary: option.description,
    takesValue: option.required,
    choices: option.argChoices ?? [],
  });
  return {
    path,
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      term: argument.required
        ? `<${argument.name()}>`
        : `[${argument.name()}${argument.variadic ? '...' : ''}]`,
      description: help.argumentDescription(argument),
      isVariadic: argument.variadic,
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map(describeOption),
    children: help.visibleCommands(command).map((child) => describeCommand(child, [...path, child.name()])),
  };
}

/** The command and all below it, in the order of the tree. */
export function flatten(page: CommandPage): CommandPage[] {
  return [page, ...page.children.flatMap(flatten)];
}

/** The commands that do something, rather than only hold others. */
export function listLeaves(page: CommandPage): CommandPage[] {
  return flatten(page).filter(({ children }) => children.length === 0);
}
