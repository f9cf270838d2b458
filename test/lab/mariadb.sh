#!/usr/bin/env bash
# mariadb.sh start DIR [LINE...]             a private MariaDB in DIR on a free port, ready when this returns; LINEs end its my.cnf.
#                                            The one that was stopped or killed in DIR starts again as it was.
# mariadb.sh start-on DIR DATADIR [LINE...]  the same on files that exist, such as restored ones: they become the server's own
# mariadb.sh stop DIR                        a clean end
# mariadb.sh kill DIR                        the server dies, its files stay
# mariadb.sh remove DIR                      both go, but not a DATADIR from elsewhere
# DIR/server.json says where everything is. With LAB_OWNER=PID the server is removed when that process has gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/common.sh
. "$here/common.sh"
# LAB_KIND=mysql: Oracle's server instead, where that is installed, as in Debian's sid.
kind=${LAB_KIND:-mariadb}
# shellcheck source=test/lab/db-mariadb.sh
. "$here/db-$kind.sh"
PATH=$PATH:/usr/sbin

usage() { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }
(( $# >= 2 )) || usage
command=$1
DIR=$(realpath -m -- "$2")
shift 2
[[ $DIR =~ ^/[A-Za-z0-9/._-]{1,60}$ ]] || die "the folder's path must be short and plain, a socket lies in it: $DIR"
cnf=$DIR/my.cnf

# What an operator can have in a password. Between double quotes and with \" it means the same in an option file and in JSON.
password="lab's \"#1\" secret"
quoted=${password//\"/\\\"}

# Debian's server does not run as root, and neither does this one.
user=$(id -un)
(( EUID != 0 )) || user=mysql

# make_cnf FILE DATADIR LINES...
# innodb_max_dirty_pages_pct: a young server makes no checkpoint, and incremental copies of it would be full-sized.
make_cnf() {
  cat >"$1" <<END
[mysqld]
user = $user
datadir = $2
socket = $DIR/run/mysqld.sock
port = $port
bind_address = 127.0.0.1
skip_name_resolve
pid_file = $DIR/run/mysqld.pid
tmpdir = $DIR/tmp
log_bin = $DIR/binlog/mysql-bin
binlog_format = ROW
server_id = $port
character_set_server = utf8mb4
innodb_buffer_pool_size = 64M
innodb_flush_log_at_trx_commit = 2
innodb_max_dirty_pages_pct = 0
innodb_max_dirty_pages_pct_lwm = 0
END
  printf '%s\n' "${own_lines[@]}" "${@:3}" >>"$1"
}

# Initialising a datadir takes seconds, copying one a fraction: there is one template for each version of server and of this script.
template() {
  local cache=/tmp/twindb-mariadb-$EUID version new
  version=$({ "$server" --version; cat "$here/mariadb.sh" "$here/db-$kind.sh"; } | sha256sum | cut -c1-16)
  (umask 077; mkdir -p "$cache")
  [[ -O $cache && ! -L $cache ]] || die "$cache belongs to somebody else"
  template=$cache/$version
  exec 9>"$cache/lock"
  flock 9
  if [[ ! -d $template ]]; then
    # Below DIR, which the server's user can enter.
    new=$DIR/template
    mkdir "$new"
    own "$new"
    users_sql >"$DIR/users.sql"
    chmod 644 "$DIR/users.sql"
    make_cnf "$DIR/template.cnf" "$new"
    initialise "$DIR/template.cnf" "$DIR/users.sql" >"$DIR/log/install" 2>&1 9>&- ||
      { tail -n 20 "$DIR/log/install" >&2; die "$server could not initialise a data directory, see above"; }
    rm -f "$DIR/users.sql" "$DIR/template.cnf"
    # DIR may lie on another file system; under its final name the template is whole.
    rm -rf "$template.new"
    mv "$new" "$template.new"
    mv "$template.new" "$template"
  fi
  exec 9>&-
}

own() { (( EUID != 0 )) || chown -R "$user:" "$@"; }

# The temporary folders of tests are closed to the server's user.
let_in() {
  local folder=$1
  (( EUID == 0 )) || return 0
  while [[ $folder == /tmp/* ]]; do
    chmod o+x "$folder"
    folder=${folder%/*}
  done
}

option_file() {
  (umask 077; printf '[client]\nuser = %s\npassword = "%s"\nport = %s\nsocket = %s\n' "$2" "$quoted" "$port" "$DIR/run/mysqld.sock" >"$1")
}

# make DATADIR LINES...: everything but the data
make() {
  local datadir=$1 name
  for name in root backup weak; do option_file "$DIR/$name.cnf" "$name"; done
  make_cnf "$cnf" "$datadir" "${@:2}"
  cat >"$DIR/server.json" <<END
{
  "dir": "$DIR", "datadir": "$datadir", "socket": "$DIR/run/mysqld.sock", "port": $port,
  "binlogDir": "$DIR/binlog", "serverOptionsFile": "$cnf", "errorLog": "$DIR/log/mariadb",
  "defaultsFile": "$DIR/root.cnf", "backupDefaultsFile": "$DIR/backup.cnf", "weakDefaultsFile": "$DIR/weak.cnf",
  "rootPassword": "$quoted"
}
END
}

# The server answers before it lets anybody in, and any answer will do: the users of restored files are not ours.
answers() { "${admin[@]}" --connect-timeout=2 --socket="$DIR/run/mysqld.sock" ping; }

# LAB_MARIADBD: options for this start only.
run() {
  # shellcheck disable=SC2086
  start mariadb "$server" --defaults-file="$cnf" ${LAB_MARIADBD-}
  wait_for mariadb "$started" answers
}

failed() {
  tail -n 20 "$DIR/log/mariadb" >&2
  die "$server in $DIR did not start, see above"
}

# begin DATADIR LINES...; a port that was free a moment ago can be gone: once more, with another one.
begin() {
  make "$@"
  run && return
  grep -qi 'address already in use' "$DIR/log/mariadb" || failed
  port=$(free_ports 1)
  make "$@"
  run || failed
}

prepare() {
  command -v "$server" >/dev/null || die "there is no $server: run test/lab/packages.sh"
  mkdir -p "$DIR"
  [[ -z $(ls -A "$DIR") ]] || die "$DIR is not empty and no server's"
  touch "$DIR/.twindb-mariadb"
  mkdir "$DIR"/{log,pids,run,tmp,binlog}
  own "$DIR"/{run,tmp,binlog}
  let_in "$DIR"
  port=$(free_ports 1)
  if [[ -n ${LAB_OWNER-} ]]; then setsid "$0" watch "$DIR" "$LAB_OWNER" >/dev/null 2>&1 </dev/null & fi
}

pid=''
[[ ! -e $DIR/pids/mariadb ]] || pid=$(<"$DIR/pids/mariadb")
runs() { [[ -n $pid ]] && is_ours "$pid"; }

# end SIGNAL
end() {
  ! runs || kill "-$1" "$pid"
  while runs; do sleep 0.02; done
  rm -f "$DIR/pids/mariadb"
}

remove() {
  # It removes a whole folder: only one that this script made.
  [[ -e $DIR/.twindb-mariadb ]] || return 0
  end KILL
  rm -rf "$DIR"
}

case $command in
  start)
    if [[ -e $cnf ]]; then
      runs || run || failed
    else
      prepare
      template
      cp -a --reflink=auto "$template" "$DIR/data"
      own "$DIR/data"
      begin "$DIR/data" "$@"
    fi
    ;;
  start-on)
    (( $# )) || usage
    datadir=$(realpath -e -- "$1")
    prepare
    own "$datadir"
    let_in "$datadir"
    begin "$datadir" "${@:2}"
    ;;
  stop) end TERM ;;
  kill) end KILL ;;
  remove) remove ;;
  watch)
    # Ends with the folder, too: whoever removes the server need not know of its watcher.
    while [[ -e $DIR/.twindb-mariadb ]] && kill -0 "$1" 2>/dev/null; do sleep 1; done
    # The server may have been started again since.
    exec "$0" remove "$DIR"
    ;;
  *) usage ;;
esac
