# What is MariaDB's own in mariadb.sh; sourced by it.
# shellcheck shell=bash disable=SC2034,SC2154

server=mariadbd
# Since 11.4 this client wants TLS of a server on its own machine too, also of one that a test has started without.
admin=(mariadb-admin --no-defaults --skip-ssl)

# nosync, sync_frm: a killed server loses nothing by them, only a power cut would.
own_lines=('innodb_log_file_size = 16M' 'innodb_flush_method = nosync' 'sync_frm = OFF')

# initialise CNF SQL
initialise() {
  mariadb-install-db --defaults-file="$1" --user="$user" --auth-root-authentication-method=normal \
    --skip-test-db --skip-log-bin --extra-file="$2"
}

# The privileges of `backup` are what mariabackup asks for and no more; `weak` lacks RELOAD.
users_sql() {
  local by="IDENTIFIED BY '${password//\'/\'\'}'" host
  echo 'FLUSH PRIVILEGES;'
  for host in localhost 127.0.0.1; do
    cat <<END
CREATE OR REPLACE USER root@'$host' $by;
GRANT ALL ON *.* TO root@'$host' WITH GRANT OPTION;
CREATE USER backup@'$host' $by;
GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO backup@'$host';
CREATE USER weak@'$host' $by;
GRANT PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO weak@'$host';
END
  done
}
