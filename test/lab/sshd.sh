#!/usr/bin/env bash
# sshd.sh DIR: two private OpenSSH servers, writes DIR/json/ssh.
#   ssh       an ordinary server
#   sshPlain  SFTP only, without OpenSSH's extensions: its rename never replaces an existing file
set -euo pipefail
DIR=$1
# shellcheck source=test/lab/common.sh
. "$(dirname "$0")/common.sh"

S=$DIR/ssh
mkdir -p "$S/host-keys" "$S/keys" "$S/root" "$S/plain-root"

# make_key FILE TYPE PASSPHRASE [BITS]
make_key() { [[ -e $1 ]] || ssh-keygen -q -t "$2" ${4:+-b "$4"} -N "$3" -C "lab ${1##*/}" -f "$1"; }
for type in ed25519 ecdsa rsa; do
  make_key "$S/host-keys/$type" "$type" ''
  make_key "$S/keys/$type" "$type" ''
done
make_key "$S/keys/encrypted" ed25519 'open sesame'
make_key "$S/keys/stranger" ed25519 ''
cat "$S"/keys/{ed25519,ecdsa,rsa,encrypted}.pub >"$S/authorized_keys"

# sshd re-executes itself and insists on its absolute path. As root it also wants a folder to drop privileges into.
sshd=$(PATH=$PATH:/usr/sbin command -v sshd)
(( EUID != 0 )) || mkdir -p /run/sshd

# Newer servers lock out an address after a few bad logins, and every test comes from the same one. Older ones don't know the option.
penalties='PerSourcePenalties no'
"$sshd" -t -f /dev/null -h "$S/host-keys/ed25519" -o "$penalties" 2>/dev/null || penalties=''

# config NAME PORT LINES...
config() {
  cat >"$S/$1.conf" <<END
Port $2
ListenAddress 127.0.0.1
HostKey $S/host-keys/ed25519
HostKey $S/host-keys/ecdsa
HostKey $S/host-keys/rsa
AuthorizedKeysFile $S/authorized_keys
PidFile none
# The lab lies below /tmp, which everyone may write to.
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
# The tests open many connections at once.
MaxStartups 1000
MaxSessions 1000
LogLevel VERBOSE
$penalties
END
  printf '%s\n' "${@:3}" >>"$S/$1.conf"
}

read -r port plain_port < <(free_ports 2)
config sshd "$port" 'Subsystem sftp internal-sftp'
extensions=posix-rename,statvfs,fstatvfs,hardlink,fsync,lsetstat,limits,expand-path,copy-data
# A server denies only requests it knows by name, and the list grows with the releases: keep to the oldest ones' if need be.
known=$(/usr/lib/openssh/sftp-server -Q requests | paste -sd '|')
denied=$(tr , '\n' <<<"$extensions" | grep -xE "$known" | paste -sd ,)
config sshd-plain "$plain_port" "Subsystem sftp internal-sftp -P $denied" "ForceCommand internal-sftp -P $denied"

run() {
  start "$1" "$sshd" -D -e -f "$S/$1.conf"
  wait_for "$1" "$started" accepts "$2"
}
run sshd "$port"
run sshd-plain "$plain_port"

for type in ed25519 ecdsa rsa; do
  key=$(cut -d' ' -f1,2 "$S/host-keys/$type.pub")
  printf '[127.0.0.1]:%s %s\n' "$port" "$key" "$plain_port" "$key"
done >"$S/known_hosts"

# A full disk. Containers may forbid mounts: then the tests that need it say that they skip.
small=''
if (( EUID == 0 )) && mkdir -p "$S/small" && mount -t tmpfs -o size=8m,mode=0700 twindb-lab "$S/small" 2>/dev/null; then
  small="\"smallRoot\": \"$S/small\","
fi

# json PORT ROOT SMALL
json() {
  cat <<END
{
  "host": "127.0.0.1", "port": $1, "user": "$(id -un)", "root": "$2", $3
  "key": "$S/keys/ed25519", "rsaKey": "$S/keys/rsa", "ecdsaKey": "$S/keys/ecdsa",
  "encryptedKey": "$S/keys/encrypted", "passphrase": "open sesame", "strangerKey": "$S/keys/stranger",
  "knownHosts": "$S/known_hosts", "hostKeys": "$S/host-keys"
}
END
}
printf '"ssh": %s, "sshPlain": %s' "$(json "$port" "$S/root" "$small")" "$(json "$plain_port" "$S/plain-root" '')" >"$DIR/json/ssh"
