#!/usr/bin/env bash
# chroot.sh make SUITE DIR             a Debian with its database server and Node.js in DIR/SUITE; nothing to do when it is there
#     trixie   MariaDB 11.8
#     sid      Oracle's MySQL 9
# chroot.sh run SUITE DIR COMMAND...   COMMAND in it, in the present folder: this repository and /tmp are the same inside,
#                                      and so is the network
# As root. The mounts belong to COMMAND's namespace and go when it ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/common.sh
. "$here/common.sh"

usage() { sed -n '2,7s/^# //p' "$0" >&2; exit 2; }
(( $# >= 3 )) || usage
(( EUID == 0 )) || die 'chroots need root'
suite=$2
case $suite in
  trixie) packages=mariadb-server,mariadb-backup,mariadb-client,galera-4 ;;
  sid) packages=mysql-server ;;
  *) usage ;;
esac
cache=$(realpath -m -- "$3")
root=$cache/$suite
repository=$(realpath -- "$here/../..")

make() {
  [[ ! -e $root/.complete ]] || return 0
  command -v mmdebstrap >/dev/null || die 'mmdebstrap is missing: apt-get install mmdebstrap'
  mkdir -p "$cache"
  rm -rf --one-file-system "$root"
  # Check-Valid-Until: a mirror of sid can be a few days behind its own promise.
  # policy-rc.d: no package may start its server.
  # shellcheck disable=SC2016 # $1 is the hook's
  mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
    --setup-hook='mkdir -p "$1/usr/sbin"' \
    --essential-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"' \
    --include="$packages,nodejs,ca-certificates,procps,zstd,pigz,gnupg,openssh-client" "$suite" "$root" \
    >"$cache/$suite.log" 2>&1 || { tail -n 20 "$cache/$suite.log" >&2; die "the $suite chroot failed, see above"; }
  touch "$root/.complete"
}

run() {
  make
  # shellcheck disable=SC2016
  unshare --mount --propagation private -- bash -euc '
    root=$1 repository=$2 folder=$3
    shift 3
    touch "$root/etc/hosts" "$root/etc/resolv.conf"
    for shared in /proc /sys /dev /etc/hosts /etc/resolv.conf /tmp "$repository"; do
      [[ -e $root$shared ]] || mkdir -p "$root$shared"
      mount --rbind "$shared" "$root$shared"
    done
    exec chroot "$root" sh -c "cd \"\$0\" && exec \"\$@\"" "$folder" "$@"
  ' chroot.sh "$root" "$repository" "$PWD" "$@"
}

case $1 in
  make) make ;;
  run)
    (( $# > 3 )) || usage
    run "${@:4}"
    ;;
  *) usage ;;
esac
