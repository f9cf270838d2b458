import type { CommandPage, OptionPage } from './command-page.ts';

/** Completions for zsh: a function for each command, made of _arguments specifications (zshcompsys(1)). */
export function renderZshCompletion(program: CommandPage): string {
  return `#compdef twindb-backup
# Made from the command tree by packaging/manual; do not edit.

${renderFunctions(program).join('\n\n')}

${functionOf(program)} "$@"
`;
}

function renderFunctions(command: CommandPage): string[] {
  return [...command.children.flatMap(renderFunctions), renderFunction(command)];
}

function renderFunction(command: CommandPage): string {
  const name = functionOf(command);
  const options = command.options.flatMap(renderOption);
  if (command.children.length === 0) {
    return `${name}() {\n  _arguments -s \\\n${lines([...options, ...renderArguments(command)])}\n}`;
  }
  const words = command.children.map(
    (child) => `${child.path.at(-1) ?? ''}\\:${doubleQuoted(child.description)}`,
  );
  const branches = command.children.map((child) => `    ${child.path.at(-1) ?? ''}) ${functionOf(child)} ;;`);
  return `${name}() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  _arguments -C \\
${lines([...options, quoted(`1:command:((${words.join(' ')}))`), quoted('*:: :->rest')])}
  [[ $state == rest ]] || return
  case $words[1] in
${branches.join('\n')}
  esac
}`;
}

function functionOf(command: CommandPage): string {
  return ['_twindb_backup', ...command.path].join('_').replaceAll('-', '_');
}

function renderOption(option: OptionPage): string[] {
  const value = option.takesValue ? `:value:${renderChoices(option.choices)}` : '';
  const exclusive = option.names.length > 1 ? `(${option.names.join(' ')})` : '';
  return option.names.map((name) => quoted(`${exclusive}${name}[${escapeSpec(option.summary)}]${value}`));
}

function renderArguments(command: CommandPage): string[] {
  return command.arguments.map((argument, index) =>
    quoted(`${argument.isVariadic ? '*' : index + 1}:${argument.name}:${renderChoices(argument.choices)}`),
  );
}

function renderChoices(choices: readonly string[]): string {
  return choices.length > 0 ? `(${choices.join(' ')})` : '_files';
}

function lines(words: readonly string[]): string {
  return words.map((word) => `    ${word}`).join(' \\\n');
}

/** Brackets end a description, colons the part of a specification that they stand in. */
function escapeSpec(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, '\\$&');
}

/** Inside `((…))` the text is read once more, as shell words, and colons separate. */
function doubleQuoted(text: string): string {
  return `"${text.replaceAll(/[\\"$`]/g, '\\$&').replaceAll(':', '\\:')}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
