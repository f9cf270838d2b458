#!/usr/bin/env bash
# build.sh [ARCH]: makes build/twindb-backup_VERSION_ARCH.deb of what is in dist/, with dpkg-deb alone. ARCH is amd64 (or what
# this machine is) or arm64: nothing is compiled, so either is built anywhere. OUT names another folder for the result.
set -euo pipefail
# shellcheck source=packaging/release.sh
. "$(dirname "$0")/../release.sh"
arch=${1:-$(dpkg --print-architecture)}
node=$(packaging/fetch-node.sh "$arch" "$build/cache")
tree=$build/deb-$arch
doc=$tree/usr/share/doc/twindb-backup

rm -rf "$tree"
install -d "$tree/DEBIAN" "$doc"
packaging/install-tree.sh "$tree" /usr "$node"
# Debian's zsh looks elsewhere.
mv "$tree/usr/share/zsh/site-functions" "$tree/usr/share/zsh/vendor-completions"
install -D -m 644 packaging/logrotate "$tree/etc/logrotate.d/twindb-backup"
echo /etc/logrotate.d/twindb-backup >"$tree/DEBIAN/conffiles"
install -m 644 packaging/deb/copyright "$doc/copyright"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
{
  printf 'twindb-backup (%s-%s) unstable; urgency=medium\n\n' "$version" "$release"
  printf '  * See changelog.gz.\n\n -- %s  %s\n' "$maintainer" "$(date -Ru -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.Debian.gz"
install -D -m 644 packaging/deb/lintian-overrides "$tree/usr/share/lintian/overrides/twindb-backup"

for script in preinst postinst prerm postrm; do
  with_functions "packaging/deb/$script" >"$tree/DEBIAN/$script"
  chmod 755 "$tree/DEBIAN/$script"
done
sed -e "s/@VERSION@/$version-$release/" -e "s/@ARCH@/$arch/" -e "s/@MAINTAINER@/$maintainer/" \
  -e "s/@SIZE@/$(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f1)/" packaging/deb/control >"$tree/DEBIAN/control"
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

date_tree "$tree"
mkdir -p "$out"
deb=$out/twindb-backup_$version-${release}_$arch.deb
# xz, for older systems too; its higher levels take minutes and save a fifth.
dpkg-deb --root-owner-group -Zxz -z1 --build "$tree" "$deb" >/dev/null
rm -rf "$tree"
echo "$deb"
