# shellcheck shell=bash
# Sourced by the scripts that build packages: what a release is called, and the time it is dated with.
# With the same commit, the same packages come out: all files get the time of the commit.
repository=$(realpath -- "$(dirname "${BASH_SOURCE[0]}")/..")
cd "$repository" || exit
# shellcheck disable=SC2034 # the scripts that source this use them
{
  version=$(node -p 'require("./package.json").version')
  release=1
  maintainer=${MAINTAINER:-twindb-backup maintainers <twindb-backup@localhost>}
  build=$repository/build
  out=${OUT:-$repository/build}
}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
umask 022

# date_tree TREE: gives all of it the time of the release.
date_tree() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# The script FILE with the shared functions in the place that it marks.
with_functions() {
  sed -e "/^@ETC_FILES@$/{
    r $repository/packaging/scripts/etc-files.sh
    d
  }" "$1"
}
