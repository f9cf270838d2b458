#!/usr/bin/env bash
# test-packages.sh CHROOTS: builds both packages of what is in dist/, checks them with lintian and rpmlint where these are
# installed, and tests them on bare systems, which CHROOTS keeps for the next time. As root.
set -euo pipefail
cd "$(dirname "$0")/.."
TWINDB_CHROOTS=$(realpath -m -- "$1")
for program in mmdebstrap rpmbuild; do
  command -v $program >/dev/null || { echo "$program is missing: apt-get install mmdebstrap rpm" >&2; exit 1; }
done
TWINDB_PACKAGES=$(mktemp -d)
trap 'rm -rf "$TWINDB_PACKAGES"' EXIT
export TWINDB_CHROOTS TWINDB_PACKAGES OUT=$TWINDB_PACKAGES

deb=$(packaging/deb/build.sh)
rpm=$(packaging/rpm/build.sh | tail -n 1)
ls -s --block-size=1K "$deb" "$rpm"
if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error,warning "$deb"
fi
if command -v rpmlint >/dev/null; then
  rpmlint --config packaging/rpm/rpmlint.toml "$rpm"
fi
packaging/test-chroots.sh "$deb" "$TWINDB_CHROOTS"
npx --no-install vitest run --config test/packages/vitest.config.ts
