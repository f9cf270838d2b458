#!/usr/bin/env bash
# gpg.sh DIR: keyrings as an operator of GnuPG 1 or 2 has them, writes DIR/json/gpg.
set -euo pipefail
DIR=$1

umask 077 # for the secret keys
G=$DIR/gpg
rm -rf "$G"
mkdir "$G" "$G/home" "$G/away"

# make_key HOME MAIL EXPIRE GPG_OPTIONS...: RSA, because that is what old keyrings hold.
make_key() {
  gpg --homedir "$1" --batch --quiet "${@:4}" --gen-key 2>>"$DIR/log/gpg" <<END
%no-protection
Key-Type: RSA
Key-Length: 2048
Subkey-Type: RSA
Subkey-Length: 2048
Name-Real: Lab
Name-Email: $2
Expire-Date: $3
%commit
END
}

make_key "$G/home" backup@lab.test 0
make_key "$G/away" other@lab.test 0
make_key "$G/away" expired@lab.test 1d --faked-system-time 20200101T000000

# Exported packets are the classic keyring format: good for --keyring and for --import.
{ gpg --homedir "$G/home" --batch --export; gpg --homedir "$G/away" --batch --export; } >"$G/public.gpg" 2>>"$DIR/log/gpg"
gpg --homedir "$G/home" --batch --export-secret-keys >"$G/secret.gpg" 2>>"$DIR/log/gpg"

# What is encrypted for the keys of this home nobody can read any more: that is their use.
gpgconf --homedir "$G/away" --kill gpg-agent
gpgconf --homedir "$G/home" --kill gpg-agent
rm -rf "$G/away"

cat >"$DIR/json/gpg" <<END
"gpg": {
  "keyring": "$G/public.gpg", "secretKeyring": "$G/secret.gpg", "homedir": "$G/home",
  "recipient": "backup@lab.test", "otherRecipient": "other@lab.test", "expiredRecipient": "expired@lab.test"
}
END
