#!/usr/bin/env bash
# fetch-node.sh ARCH CACHE: fetches the Node.js that the packages carry, unless CACHE has it already, and prints the folder
# that holds bin/node and LICENSE. ARCH is a Debian name of an architecture.
# The npm registry has the binaries of Node.js as packages; node-runtime.sha512 pins version and content.
set -euo pipefail
pins=$(realpath -- "$(dirname "$0")")/node-runtime.sha512
cache=$(realpath -m -- "$2")
case $1 in
  amd64) arch=x64 ;;
  arm64) arch=arm64 ;;
  *) echo "There is no Node.js for $1 here: packages are built for amd64 and arm64" >&2; exit 1 ;;
esac
pin=$(grep "node-linux-$arch-" "$pins")
archive=${pin##* }
version=${archive#node-linux-"$arch"-}
version=${version%.tgz}

mkdir -p "$cache"
cd "$cache"
[[ -e $archive ]] || npm pack --silent "node-linux-$arch@$version" >/dev/null
sha512sum --check --status <<<"$pin" || {
  echo "$cache/$archive is not the file that $pins pins: remove it and try again" >&2
  exit 1
}
folder=node-$arch-$version
if [[ ! -e $folder ]]; then
  rm -rf "$folder.new"
  mkdir "$folder.new"
  # Headers, manuals and the changelog are not needed at run time.
  tar -xzf "$archive" -C "$folder.new" --strip-components=1 package/bin/node package/LICENSE
  mv "$folder.new" "$folder"
fi
echo "$cache/$folder"
