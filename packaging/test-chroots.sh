#!/usr/bin/env bash
# test-chroots.sh DEB FOLDER: makes FOLDER/bookworm and FOLDER/trixie, bare Debian systems that hold what DEB depends on and
# nothing else. What is there already for the same dependencies stays. As root.
set -euo pipefail
(( EUID == 0 )) || { echo 'Chroots take root' >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo 'mmdebstrap is missing: apt-get install mmdebstrap' >&2; exit 1; }
folder=$(realpath -m -- "$2")
needed=$(dpkg-deb --field "$1" Depends | sed 's/([^)]*)//g; s/ //g')
mkdir -p "$folder"
for suite in bookworm trixie; do
  [[ $(cat "$folder/$suite.holds" 2>/dev/null) != "$needed" ]] || continue
  rm -rf --one-file-system "${folder:?}/$suite" "$folder/$suite.holds"
  mmdebstrap --variant=minbase --include="$needed" "$suite" "$folder/$suite" >"$folder/$suite.log" 2>&1 || {
    tail -n 20 "$folder/$suite.log" >&2
    exit 1
  }
  echo "$needed" >"$folder/$suite.holds"
done
