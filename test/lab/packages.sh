#!/usr/bin/env bash
# Makes sure that the Debian packages the tests need are installed.
# As root it installs what is missing; as anyone else it says what to install and fails.
set -euo pipefail

# One line a component: a new one is a new line.
packages=(
  openssh-client openssh-server           # the ssh destination
  radosgw ceph-mon ceph-osd ceph-common   # the s3 destination
  pigz lbzip2 bzip2 zstd                  # compressors
  gnupg                                   # encryption
  acl attr                                # what tar has to keep
  mariadb-server mariadb-client           # the database
  mariadb-backup galera-4                 # its backup program and its cluster
  iproute2 sudo ncat                      # two hosts on one machine, for clones
  procps python3-minimal                  # to look at processes, and to be a terminal
  logrotate                               # the structured log
  prometheus                              # promtool, which tries the alerts
)

# Debian remembers removed packages too, hence the state. A package it never heard of is an error: ignored.
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package installed" <<<"$installed" || missing+=("$package")
done
(( ${#missing[@]} )) || exit 0

install=(apt-get install --yes --no-install-recommends "${missing[@]}")

if (( EUID != 0 )); then
  printf 'The tests need Debian packages that are not installed. As root, run:\n\n  %s\n\n' "${install[*]}" >&2
  exit 1
fi

# Without this file Debian starts every server it installs, on its default port.
# It stays: the next package would do the same.
if [[ ! -e /usr/sbin/policy-rc.d ]]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi

printf 'Installing %s\n' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The package lists may be old or absent: refresh them only when the first try has failed.
if ! "${install[@]}" >"$log" 2>&1 && ! { apt-get update && "${install[@]}"; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  exit 1
fi
