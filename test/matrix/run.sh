#!/usr/bin/env bash
# run.sh CHROOTS [SUITE...]   the MySQL tests in Debian chroots, which are made below CHROOTS when they are not there yet:
#     trixie   all of them, against MariaDB 11.8
#     sid      what does not need XtraBackup, against Oracle's MySQL; copies of it by a stand-in for XtraBackup
# As root; takes the lab that TWINDB_LAB names, else starts one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lab=$here/../lab
cd "$here/../.."

(( $# )) || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
chroots=$1
shift
suites=("$@")
(( $# )) || suites=(trixie sid)

command -v mmdebstrap >/dev/null || apt-get install --yes --no-install-recommends mmdebstrap

if [[ -z ${TWINDB_LAB-} ]]; then
  # A short path: sockets lie in it.
  TWINDB_LAB=$(mktemp -d /tmp/twindb-XXXXXX)
  export TWINDB_LAB
  trap '"$lab/lab" down "$TWINDB_LAB"' EXIT
  "$lab/lab" up "$TWINDB_LAB" >/dev/null
fi

# in_chroot SUITE FILE...: the chroots have Node.js and no npm. How long a test takes is no matter here.
in_chroot() {
  "$lab/chroot.sh" run "$1" "$chroots" node node_modules/vitest/vitest.mjs \
    run --project lab --testTimeout 600000 --hookTimeout 600000 "${@:2}"
}

test_suite() {
  case $1 in
    # With time enough for a run each hour of the two simulated weeks.
    trixie) TWINDB_WEEKS=all in_chroot trixie test/integration/{mysql-,binlog-,recovery-,replay-,stream-} ;;
    sid) LAB_KIND=mysql in_chroot sid test/matrix test/integration/{binlog-,stream-binlog,mysql-server,mysql-files} ;;
    *) printf 'There is no suite %s.\n' "$1" >&2; return 2 ;;
  esac
}

failed=()
for suite in "${suites[@]}"; do
  printf '\n--- Debian %s\n' "$suite"
  test_suite "$suite" || failed+=("$suite")
done
if (( ${#failed[@]} )); then
  printf 'failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
