#!/usr/bin/env bash
# two-hosts.sh up DIR     two hosts on this machine: `source` (192.0.2.1) with a MariaDB, `replica` (192.0.2.2) with an sshd and
#                         an empty data directory. Each has its own network, processes, host name, /etc/mysql, /var/lib/mysql and
#                         /run; the replica its own /tmp, users, sudo rules, /etc/init.d and /usr/local/sbin, too.
#                         DIR/hosts.json says where.
# two-hosts.sh reset DIR  the replica as it was in the beginning
# two-hosts.sh down DIR   ends both and removes DIR
# Needs root, and leave to make namespaces.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/common.sh
. "$here/common.sh"
PATH=$PATH:/usr/sbin

usage() { sed -n '2,9s/^# //p' "$0" >&2; exit 2; }
(( $# >= 2 )) || usage
command=$1
DIR=$(realpath -m -- "$2")
id=${DIR##*/}
id=${id//[^A-Za-z0-9]/}
id=${id: -6}

# ---- inside a host: its process number 1, which also reaps what nobody waits for ----
host() {
  local name=$1 H=$DIR/$1
  hostname "$name"
  ip link set lo up
  mount --bind "$H/lib" /var/lib/mysql
  mount --bind "$H/etc" /etc/mysql
  mount --bind "$H/run" /run
  if [[ $name == replica ]]; then
    local file
    for file in passwd shadow group hosts sudoers.d; do mount --bind "$H/$file" "/etc/$file"; done
    mount --bind "$H/sbin" /usr/local/sbin
    mount --bind "$H/init.d" /etc/init.d
    # The last one: DIR itself lies below /tmp.
    mount --bind "$H/tmp" /tmp
    /usr/sbin/sshd -D -e -f /run/lab/sshd_config &
  fi
  echo >/run/lab/ready
  while :; do wait -n || sleep 0.2; done
}

# ---- outside ----
config() {
  local etc=$1/etc
  mkdir -p "$etc/mariadb.conf.d"
  # As Debian has it: my.cnf is a symbolic link, and includes a folder.
  ln -s mariadb.cnf "$etc/my.cnf"
  printf '# %s\n[client-server]\nsocket = /run/mysqld/mysqld.sock\n!includedir /etc/mysql/mariadb.conf.d/\n' "$2" >"$etc/mariadb.cnf"
  # Its init script asks for both.
  printf '[client]\nsocket = /run/mysqld/mysqld.sock\n' >"$etc/debian.cnf"
  printf '#!/bin/sh\n' >"$etc/debian-start"
  chmod 755 "$etc/debian-start"
}

make_source() {
  local H=$DIR/source
  config "$H" 'The source.'
  cat >"$H/etc/mariadb.conf.d/50-server.cnf" <<'END'
[mysqld]
# The first of two.
server_id = 1   # never twice
user = mysql
datadir = /var/lib/mysql
pid_file = /run/mysqld/mysqld.pid
bind_address = 0.0.0.0
log_bin = mysql-bin
innodb_buffer_pool_size = 32M
innodb_log_file_size = 8M
innodb_flush_log_at_trx_commit = 0
skip_name_resolve
END
  cat >"$DIR/users.sql" <<'END'
FLUSH PRIVILEGES;
CREATE USER admin@localhost IDENTIFIED BY 'admin secret';
GRANT ALL ON *.* TO admin@localhost;
CREATE USER admin@127.0.0.1 IDENTIFIED BY 'admin secret';
GRANT ALL ON *.* TO admin@127.0.0.1;
CREATE USER repl@'192.0.2.%' IDENTIFIED BY 'it''s "#1"';
GRANT REPLICATION SLAVE ON *.* TO repl@'192.0.2.%';
END
  chmod 644 "$DIR/users.sql"
  chmod 755 "$DIR"
  chown -R mysql: "$H/lib"
  mariadb-install-db --no-defaults --user=mysql --datadir="$H/lib" --skip-test-db --skip-log-bin --innodb-log-file-size=8M \
    --auth-root-authentication-method=normal --extra-file="$DIR/users.sql" >"$DIR/log/install" 2>&1 ||
    { tail "$DIR/log/install" >&2; die 'mariadb-install-db failed'; }
  (umask 077; printf '[client]\nuser = admin\npassword = "admin secret"\n' >"$DIR/admin.cnf")
  (umask 077; printf 'it'\''s "#1"\n' >"$DIR/repl-password")
}

# What a clone changes, and what the tests do; DIR/replica/FOLDER stays, as it is mounted.
fill_replica() {
  local H=$DIR/replica name
  for name in lib etc tmp sbin init.d sudoers.d run/mysqld run/systemd; do
    mkdir -p "$H/$name"
    find "$H/$name" -mindepth 1 -delete
  done
  config "$H" 'The replica, as it was.'
  printf '[mysqld]\ndatadir = /var/lib/mysql\n' >"$H/etc/mariadb.conf.d/50-server.cnf"
  chown mysql: "$H/lib" "$H/run/mysqld"
  chmod 1777 "$H/tmp"
  cp /etc/init.d/mariadb "$H/init.d/"
}

reset() {
  local pid name
  pid=$(sed -n 's/.*"replicaPid": \([0-9]*\).*/\1/p' "$DIR/hosts.json")
  for name in mysqld_safe mariadbd ncat mbstream; do nsenter --target "$pid" --mount --pid pkill -KILL -x "$name" || true; done
  fill_replica
}

make_replica() {
  local H=$DIR/replica
  mkdir -p "$H/run/sshd"
  fill_replica
  cp -p /etc/passwd /etc/group /etc/shadow "$H/"
  # What this machine's root has in .bashrc is none of the tests' business, and can take a second for each command.
  sed -i 's|^root:.*|root:x:0:0:root:/run/lab:/bin/sh|' "$H/passwd"
  # May log in, and become root when the tests say so.
  echo 'dba:x:4242:4242::/tmp:/bin/sh' >>"$H/passwd"
  echo 'dba:x:4242:' >>"$H/group"
  echo 'dba:*:19000:0:99999:7:::' >>"$H/shadow"
  # sudo looks for its host.
  echo '127.0.0.1 localhost replica' >"$H/hosts"
  ssh-keygen -q -t ed25519 -N '' -f "$DIR/key"
  ssh-keygen -q -t ed25519 -N '' -f "$H/run/lab/host_key"
  cp "$DIR/key.pub" "$H/run/lab/authorized_keys"
  chmod 644 "$H/run/lab/authorized_keys"
  cat >"$H/run/lab/sshd_config" <<'END'
Port 22
HostKey /run/lab/host_key
AuthorizedKeysFile /run/lab/authorized_keys
PidFile none
StrictModes no
UsePAM no
END
  printf '192.0.2.2 %s\n' "$(cut -d' ' -f1,2 "$H/run/lab/host_key.pub")" >"$DIR/known_hosts"
}

# start_host NAME: sets $init to the number that its process 1 has out here. The slash: see is_ours.
start_host() {
  local H=$DIR/$1 deadline=$((SECONDS + 30))
  start "$1" ip netns exec "tw$id$1" unshare --mount --uts --pid --fork --mount-proc --kill-child "$0" host "$DIR/" "$1"
  until [[ -e $H/run/lab/ready ]]; do
    (( SECONDS < deadline )) && kill -0 "$started" || { cat "$DIR/log/$1" >&2; die "host $1 did not start"; }
    sleep 0.05
  done
  init=$(pgrep -P "$started")
}

up() {
  mkdir -p "$DIR"
  [[ -z $(ls -A "$DIR") ]] || die "$DIR is not empty"
  touch "$DIR/.twindb-hosts"
  mkdir -p "$DIR"/{log,pids} "$DIR"/source/{lib,run/lab,run/mysqld} "$DIR/replica/run/lab"
  chown mysql: "$DIR/source/run/mysqld"
  # What the packages make; a machine whose packages were only unpacked may lack it.
  mkdir -p /var/lib/mysql /etc/mysql
  make_source
  make_replica
  local name
  for name in source replica; do ip netns add "tw$id$name"; done
  ip -n "tw${id}source" link add eth0 type veth peer name eth0 netns "tw${id}replica"
  ip -n "tw${id}source" addr add 192.0.2.1/24 dev eth0
  ip -n "tw${id}replica" addr add 192.0.2.2/24 dev eth0
  # An address that the replica has no way to.
  ip -n "tw${id}source" addr add 198.51.100.1/32 dev lo
  for name in source replica; do ip -n "tw$id$name" link set eth0 up; done
  local init source_init
  start_host source
  source_init=$init
  start_host replica
  cat >"$DIR/hosts.json" <<END
{
  "dir": "$DIR", "sourcePid": $source_init, "replicaPid": $init, "sourceAddress": "192.0.2.1", "replicaAddress": "192.0.2.2",
  "farAddress": "198.51.100.1", "key": "$DIR/key", "knownHosts": "$DIR/known_hosts",
  "defaultsFile": "$DIR/admin.cnf", "passwordFile": "$DIR/repl-password"
}
END
}

down() {
  # It removes a whole folder: only one that this script made.
  [[ -e $DIR/.twindb-hosts ]] || return 0
  # The end of process 1 ends all others of its host.
  stop_all
  local name
  for name in source replica; do ip netns delete "tw$id$name" 2>/dev/null || true; done
  rm -rf "$DIR"
}

case $command in
  host) host "$3" ;;
  reset) reset ;;
  up) up ;;
  down) down ;;
  *) usage ;;
esac
