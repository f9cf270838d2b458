#!/usr/bin/env bash
# build.sh [ARCH]: makes build/twindb-backup-VERSION.ARCH.rpm of what is in dist/, with rpmbuild. ARCH is a Debian name of an
# architecture, as for deb/build.sh. OUT names another folder for the result.
set -euo pipefail
# shellcheck source=packaging/release.sh
. "$(dirname "$0")/../release.sh"
arch=${1:-$(dpkg --print-architecture)}
case $arch in amd64) target=x86_64 ;; arm64) target=aarch64 ;; *) target=$arch ;; esac
node=$(packaging/fetch-node.sh "$arch" "$build/cache")
tree=$build/rpm-$arch
top=$build/rpmbuild-$arch

rm -rf "$tree" "$top"
mkdir -p "$tree" "$top"
packaging/install-tree.sh "$tree" /usr "$node"
install -D -m 644 LICENSE "$tree/usr/share/licenses/twindb-backup/LICENSE"
install -D -m 644 CHANGELOG.md "$tree/usr/share/doc/twindb-backup/CHANGELOG.md"
install -D -m 644 packaging/logrotate "$tree/etc/logrotate.d/twindb-backup"

date_tree "$tree"
with_functions packaging/rpm/twindb-backup.spec >"$top/twindb-backup.spec"
rpmbuild -bb --quiet --target "$target" --define "_topdir $top" \
  --define "twindb_version $version" --define "twindb_release $release" --define "twindb_tree $tree" \
  "$top/twindb-backup.spec"
mkdir -p "$out"
mv "$top/RPMS/$target/twindb-backup-$version-$release.$target.rpm" "$out"
rm -rf "$tree" "$top"
echo "$out/twindb-backup-$version-$release.$target.rpm"
