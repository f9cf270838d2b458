#!/bin/sh
# Runs before the backup of a timer. Cron and the timers must not both take the backups, and one of them must: while a cron daemon
# runs the cron file, the timer's run fails, where `systemctl --failed` and OnFailure= show it; a condition of the unit
# would skip it in silence. Without a cron daemon the file does nothing, and the timer takes the backup.
file=${1:-/etc/cron.d/twindb-backup}
[ -e "$file" ] || exit 0
for daemon in cron crond cronie; do
  if systemctl --quiet is-active "$daemon.service"; then
    echo "Nothing was backed up by the timer: $daemon.service takes the backups, by $file. To use the timers, delete that file;" \
      "to use cron, disable them: systemctl disable --now 'twindb-backup@*.timer'" >&2
    exit 1
  fi
done
echo "No cron daemon is running, so $file does nothing: this timer takes the backup. Delete the file to end this message." >&2
