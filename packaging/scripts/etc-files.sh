# shellcheck shell=sh
# Part of the packages' scripts: what happens to the two files in /etc.
#
# They belong to the administrator, so no package owns them and no package manager asks about them. They are made when the
# tool is new on the machine, and kept from then on. The packages of the Python tool take theirs away when they go, also
# when they go in an upgrade: that is why both are put aside first, and put back afterwards.
config=/etc/twindb/twindb-backup.cfg
cron=/etc/cron.d/twindb-backup
# The cron file of a tool that was removed, where no cron looks.
retired=/etc/twindb/twindb-backup.cron
samples=/usr/share/twindb-backup
# Lasts from the first script of an installation to the last one.
aside=/var/lib/twindb-backup/upgrade

# begin_files install|upgrade: before anything is unpacked or removed.
begin_files() {
  # What an interrupted installation has put aside is the only copy where it has taken the configuration away. Where that is still
  # there nothing was taken, and a cron file that was put aside then may have been deleted since, by the administrator.
  [ ! -e "$config" ] || rm -rf "$aside"
  # The folder above stays: it has the ID of this machine, which every account may read.
  (umask 022 && mkdir -p "${aside%/*}")
  (umask 077 && mkdir -p "$aside")
  if [ "$1" = install ]; then
    : >"$aside/new"
    return
  fi
  [ ! -e "$config" ] || cp -a "$config" "$aside/config"
  [ ! -e "$cron" ] || cp -a "$cron" "$aside/cron"
}

put_back() {
  if [ -e "$aside/$1" ] && [ ! -e "$2" ]; then
    mkdir -p "${2%/*}"
    cp -a "$aside/$1" "$2"
  fi
}

# settle_files: when everything else is done.
settle_files() {
  put_back config "$config"
  put_back cron "$cron"
  if [ ! -e "$config" ]; then
    mkdir -p "${config%/*}"
    install -m 600 "$samples/twindb-backup.cfg" "$config"
    echo "twindb-backup: edit $config, then run: twindb-backup doctor. $cron takes the first backup within the hour."
  fi
  # An administrator who has taken the cron file away (for timers, say) does not find it again after an upgrade.
  if [ -e "$aside/new" ] && [ ! -e "$cron" ]; then
    mkdir -p "${cron%/*}"
    if [ -e "$retired" ]; then mv "$retired" "$cron"; else install -m 644 "$samples/twindb-backup.cron" "$cron"; fi
  fi
  rm -rf "$aside"
}

# abort_files: when the installation was given up, such as that of a truncated package.
abort_files() {
  put_back config "$config"
  put_back cron "$cron"
  rm -rf "$aside"
}

# retire_files: when the program has gone. Cron must not go on calling it; the next installation brings the file back.
retire_files() {
  if [ -e "$cron" ]; then
    mkdir -p "${retired%/*}"
    mv "$cron" "$retired"
  fi
}
