#!/usr/bin/env bash
# mysql.sh COMMAND DIR [LINE...]   mariadb.sh with Oracle's MySQL, which Debian has in sid only
set -euo pipefail
export LAB_KIND=mysql
exec "$(dirname "$0")/mariadb.sh" "$@"
