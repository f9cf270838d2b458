#!/bin/sh
# The main job on a small folder: back up, list, restore, compare. `make demo` runs it.
# It needs no root and no server, and leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

step() { printf '\n# %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; }

step 'Something to back up'
mkdir -p "$tmp/photos/summer holiday"
echo 'sea and sun' >"$tmp/photos/summer holiday/day one.txt"
head -c 3000000 /dev/urandom >"$tmp/photos/picture.raw"
ln -s 'summer holiday/day one.txt' "$tmp/photos/best"
show ls -lR "$tmp/photos"
ls -lR "$tmp/photos"

step 'A small configuration'
cat >"$tmp/backup.cfg" <<END
[source]
backup_dirs="$tmp/photos"

[destination]
backup_destination=local

[local]
backup_dir=$tmp/backups

[measures]
log=$tmp/measures.log
END
mkdir "$tmp/backups"
show cat "$tmp/backup.cfg"
cat "$tmp/backup.cfg"

# What an installed machine calls just `twindb-backup`.
twindb_backup() {
  printf '$ twindb-backup'
  printf ' %s' --config "$tmp/backup.cfg" "$@"
  printf '\n'
  node dist/cli/main.js --config "$tmp/backup.cfg" "$@"
}

step 'Back up, as cron does every day'
twindb_backup backup --lock-file "$tmp/lock" daily

step 'List the copies'
twindb_backup ls
copy=$(node dist/cli/main.js --config "$tmp/backup.cfg" ls | tail -n 1)

step 'Restore'
twindb_backup restore file "$copy" --dst "$tmp/restored"

step 'Compare: members lie below the destination without their leading slash'
show diff -r --no-dereference "$tmp/photos" "$tmp/restored$tmp/photos"
diff -r --no-dereference "$tmp/photos" "$tmp/restored$tmp/photos"
echo 'no difference'

printf '\ndemo: a folder was backed up, listed and restored exactly\n'
