# bash completion for twindb-backup
# Made from the command tree by packaging/manual; do not edit.

_twindb_backup() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' value='' arguments=0 words='' i word
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $value ]]; then
      value=''
      continue
    fi
    case $word in
      --log-format | --config | --xtrabackup-binary | --xbstream-binary | --lock-file | --type | --hostname | --source | --since | --before | --sample | --max-age | --reason | --dst | --to-time | --to-gtid | --to-position | --more-logs | --cache | --uninstall | --copy | --sql | --expires | --transport | --netcat-port | --replication-user | --replication-password | --replication-password-file) value=yes ;;
      -*) ;;
      *)
        case "${command:+$command }$word" in
          'backup' | 'doctor' | 'ls' | 'status' | 'check' | 'pin' | 'unpin' | 'prune' | 'delete' | 'restore' | 'restore file' | 'restore mysql' | 'restore tables' | 'restore binlog' | 'verify' | 'verify file' | 'verify mysql' | 'stream' | 'stream binlog' | 'share' | 'clone' | 'clone mysql' | 'help') command="${command:+$command }$word" ;;
          *) ((arguments += 1)) ;;
        esac
        ;;
    esac
  done
  if [[ -n $value ]]; then
    case "$command $previous" in
      ' --log-format') words='text json' ;;
      'ls --type') words='files mysql binlog' ;;
      'status --type') words='files mysql binlog' ;;
      'check --type') words='files mysql binlog' ;;
      'clone mysql --transport') words='ssh netcat' ;;
      *) compopt -o default 2>/dev/null ;;
    esac
  elif [[ $current == -* ]]; then
    case $command in
      '') words='-V --version --debug -v --verbose -q --quiet --log-format --config --xtrabackup-binary --xbstream-binary -h --help' ;;
      'backup') words='--lock-file --binlogs-only --dry-run --json -h --help' ;;
      'doctor') words='--lock-file --json -h --help' ;;
      'ls') words='--type --hostname --source --since --before --latest -l --long --coverage --json --accept-unauthenticated -h --help' ;;
      'status') words='--type --hostname --summary --json -h --help' ;;
      'check') words='--type --hostname --read --sample --adopt --max-age --lock-file --json --accept-unauthenticated -h --help' ;;
      'pin') words='--reason --hostname -h --help' ;;
      'unpin') words='--hostname -h --help' ;;
      'prune') words='--dry-run --lock-file --json -h --help' ;;
      'delete') words='--with-incrementals --hostname -y --yes --dry-run --lock-file --json -h --help' ;;
      'restore') words='-h --help' ;;
      'restore file') words='--dst --glob --before --source --hostname --keep-going --accept-unauthenticated -h --help' ;;
      'restore mysql') words='--dst --to-time --to-gtid --to-position --to-latest --more-logs --plan --json --before --hostname --cache --install --start --uninstall --accept-unauthenticated -h --help' ;;
      'restore tables') words='--dst --copy --to-time --to-gtid --to-position --to-latest --more-logs --hostname --accept-unauthenticated -h --help' ;;
      'restore binlog') words='--dst --accept-unauthenticated -h --help' ;;
      'verify') words='-h --help' ;;
      'verify file') words='--source --hostname --json --accept-unauthenticated -h --help' ;;
      'verify mysql') words='--dst --to-time --to-gtid --to-position --to-latest --more-logs --hostname --boot --sql --json --accept-unauthenticated -h --help' ;;
      'stream') words='-h --help' ;;
      'stream binlog') words='--lock-file -h --help' ;;
      'share') words='--expires -h --help' ;;
      'clone') words='-h --help' ;;
      'clone mysql') words='--transport --netcat-port --replication-user --replication-password --replication-password-file --compress -h --help' ;;
      'help') words='-h --help' ;;
    esac
  else
    case "$command $arguments" in
      ' 0') words='backup doctor ls status check pin unpin prune delete restore verify stream share clone help' ;;
      'backup 0') words='hourly daily weekly monthly yearly' ;;
      'restore 0') words='file mysql tables binlog' ;;
      'verify 0') words='file mysql' ;;
      'stream 0') words='binlog' ;;
      'clone 0') words='mysql' ;;
      # A copy is known to the destination only.
      *) compopt -o default 2>/dev/null ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _twindb_backup twindb-backup
