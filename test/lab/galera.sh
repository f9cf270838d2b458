#!/usr/bin/env bash
# galera.sh start DIR [LINE...]   one Galera node, a cluster of its own, in state Synced when this returns; else like
#                                 mariadb.sh, which also stops, kills and removes it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/common.sh
. "$here/common.sh"

[[ ${1-} == start && -n ${2-} ]] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
DIR=$(realpath -m -- "$2")
shift 2

lines=()
if [[ ! -e $DIR/my.cnf ]]; then
  read -r group state < <(free_ports 2)
  lines=(
    'wsrep_on = ON'
    'wsrep_provider = /usr/lib/libgalera_smm.so'
    'wsrep_cluster_name = lab'
    'wsrep_node_address = 127.0.0.1'
    "wsrep_cluster_address = gcomm://127.0.0.1:$group"
    "wsrep_provider_options = gmcast.listen_addr=tcp://127.0.0.1:$group;ist.recv_addr=127.0.0.1:$state;gcache.size=32M;base_host=127.0.0.1;base_port=$group"
    'innodb_autoinc_lock_mode = 2'
    'log_slave_updates = ON'
  )
fi
# Also when it starts again: the node is the whole cluster, with nobody to join.
LAB_MARIADBD=--wsrep-new-cluster "$here/mariadb.sh" start "$DIR" "${lines[@]}" "$@"

synced() {
  mariadb --defaults-file="$DIR/root.cnf" --batch --skip-column-names \
    -e "SHOW STATUS LIKE 'wsrep_local_state_comment'" | grep -qw Synced
}
wait_for 'the Galera node' "$(<"$DIR/pids/mariadb")" synced
