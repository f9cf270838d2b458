import { type ArgumentPage, type CommandPage, flatten, type OptionPage } from './command-page.ts';

/** Completions for bash: which command the words before the cursor name decides what may follow. */
export function renderBashCompletion(program: CommandPage): string {
  const commands = flatten(program);
  const valued = commands.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue));
  const names = [...new Set(valued.flatMap((option) => option.names))];
  const paths = commands.filter(({ path }) => path.length > 0).map(({ path }) => path.join(' '));
  return `# bash completion for twindb-backup
# Made from the command tree by packaging/manual; do not edit.

_twindb_backup() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' value='' arguments=0 words='' i word
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $value ]]; then
      value=''
      continue
    fi
    case $word in
      ${names.join(' | ')}) value=yes ;;
      -*) ;;
      *)
        case "\${command:+$command }$word" in
          ${paths.map((path) => `'${path}'`).join(' | ')}) command="\${command:+$command }$word" ;;
          *) ((arguments += 1)) ;;
        esac
        ;;
    esac
  done
  if [[ -n $value ]]; then
    case "$command $previous" in
${commands.flatMap(renderValues).join('\n')}
      *) compopt -o default 2>/dev/null ;;
    esac
  elif [[ $current == -* ]]; then
    case $command in
${commands.map((page) => `      '${page.path.join(' ')}') words='${page.options.flatMap(({ names: all }) => all).join(' ')}' ;;`).join('\n')}
    esac
  else
    case "$command $arguments" in
${commands.map(renderWords).filter(Boolean).join('\n')}
      # A copy is known to the destination only.
      *) compopt -o default 2>/dev/null ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _twindb_backup twindb-backup
`;
}

/** The choices of each option; anything else is completed as a path. */
function renderValues(command: CommandPage): string[] {
  return command.options
    .filter(({ choices }) => choices.length > 0)
    .map(
      ({ names, choices }: OptionPage) =>
        `      ${names.map((name) => `'${command.path.join(' ')} ${name}'`).join(' | ')}) words='${choices.join(' ')}' ;;`,
    );
}

function renderWords(command: CommandPage): string | undefined {
  const [first] = command.arguments;
  const words =
    command.children.length > 0 ? command.children.map(({ path }) => path.at(-1)) : choicesOf(first);
  return words.length > 0 ? `      '${command.path.join(' ')} 0') words='${words.join(' ')}' ;;` : undefined;
}

function choicesOf(argument: ArgumentPage | undefined): readonly string[] {
  return argument?.choices ?? [];
}
