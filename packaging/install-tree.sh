#!/usr/bin/env bash
# install-tree.sh ROOT PREFIX [NODE]: puts the built program with all that belongs to it below ROOT/PREFIX, for `make install`
# and for the packages. With NODE, a folder from fetch-node.sh, it runs on that copy of Node.js, else on the one in PATH.
# Writes nothing to /etc: what is there is the administrator's.
set -euo pipefail
repository=$(realpath -- "$(dirname "$0")/..")
root=$1 prefix=$2 node=${3-}
lib=$root$prefix/lib/twindb-backup
share=$root$prefix/share
cd "$repository"

rm -rf "$lib"
install -d "$lib" "$root$prefix/bin"
cp -R dist package.json "$lib"

# The packages that the program runs on, as npm lists them: each with all of its folder.
npm ls --loglevel=error --omit=dev --all --parseable | sed -n "s|^$repository/||p" |
  tar -c --no-recursion -T <(sed 's|$|/|' | xargs -I{} find {} -name node_modules -prune -o -print) | tar -xC "$lib"
modules=$lib/node_modules
# Node.js reads none of these; dist-es is for bundlers, its twin dist-cjs is what node takes.
find "$modules" "$lib/dist" -type f \( -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.map' -o -name '*.md' \
  -o -name '*.flow' -o -name '*.html' -o -name '*.yml' -o -name '*.sh' -o -name '*.c' -o -name '*.bat' -o -name '*.exe' \
  -o -name '.*' \) -delete
find "$modules" -depth -regextype posix-extended -type d \
  -regex '.*/node_modules/(@[^/]+/)?[^/]+/(test|tests|example|examples|benchmarks?|docs|dist-es|\.[^/]+)' -exec rm -r {} +
# An addon of ssh2 that would have to be compiled, what that takes, and types.
rm -rf "$modules"/{cpu-features,nan,buildcheck,@types,undici-types}
find "$lib" -type d -empty -delete
# What the packages bring has modes of all kinds; compilers make no executables.
chmod -R u=rwX,go=rX "$lib"
find "$lib" -type f -exec chmod a-x {} +
chmod 755 "$lib/dist/cli/main.js"

if [[ -n $node ]]; then
  install -m 755 "$node/bin/node" "$lib/node"
  install -m 644 "$node/LICENSE" "$lib/LICENSE.node"
  # The same first line, with this Node.js.
  sed -i "1s| node | $prefix/lib/twindb-backup/node |" "$lib/dist/cli/main.js"
fi
ln -sfn ../lib/twindb-backup/dist/cli/main.js "$root$prefix/bin/twindb-backup"

place() { install -D -m 644 "$1" "$2"; }
for section in 1 5; do
  for page in packaging/man/*."$section"; do
    place "$page" "$share/man/man$section/${page##*/}"
    gzip -9nf "$share/man/man$section/${page##*/}"
  done
done
place packaging/completions/twindb-backup.bash "$share/bash-completion/completions/twindb-backup"
place packaging/completions/twindb-backup.zsh "$share/zsh/site-functions/_twindb-backup"
place packaging/completions/twindb-backup.fish "$share/fish/vendor_completions.d/twindb-backup.fish"
place packaging/twindb-backup.cfg "$share/twindb-backup/twindb-backup.cfg"
place packaging/logrotate "$share/twindb-backup/twindb-backup.logrotate"
place packaging/prometheus/twindb-backup.rules.yml "$share/twindb-backup/prometheus-rules.yml"
place cron.d/twindb-backup "$share/twindb-backup/twindb-backup.cron"
install -m 755 packaging/systemd/cron-or-timer.sh "$lib/cron-or-timer.sh"
for unit in packaging/systemd/twindb-backup*.service packaging/systemd/twindb-backup*.timer; do
  place "$unit" "$root$prefix/lib/systemd/system/${unit##*/}"
  sed -i "s|/usr/\(bin\|lib/twindb-backup\)/|$prefix/\1/|" "$root$prefix/lib/systemd/system/${unit##*/}"
done
