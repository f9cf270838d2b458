# What is the own of Oracle's MySQL (8.4 and later) in mariadb.sh; sourced by it.
# shellcheck shell=bash disable=SC2034,SC2154

server=mysqld
admin=(mysqladmin --no-defaults)

# mysqlx: its port is not ours to take. GTIDs are off unless they are asked for, and copies are to record them.
own_lines=('mysqlx = OFF' 'innodb_redo_log_capacity = 16M' 'gtid_mode = ON' 'enforce_gtid_consistency = ON')

# initialise CNF SQL
initialise() {
  mysqld --defaults-file="$1" --initialize-insecure --skip-log-bin --init-file="$2"
  # With it all servers of one template would have one server_uuid.
  rm "$DIR/template/auto.cnf"
}

# The privileges of `backup` are those of docs/usage.md and no more; `weak` lacks RELOAD.
users_sql() {
  local by="IDENTIFIED BY '${password//\'/\'\'}'" host table
  cat <<END
ALTER USER root@localhost $by;
CREATE USER root@'127.0.0.1' $by;
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
END
  for host in localhost 127.0.0.1; do
    cat <<END
CREATE USER backup@'$host' $by, weak@'$host' $by;
GRANT BACKUP_ADMIN, RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO backup@'$host';
GRANT BACKUP_ADMIN, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO weak@'$host';
END
    for table in log_status keyring_component_status replication_group_members; do
      echo "GRANT SELECT ON performance_schema.$table TO backup@'$host', weak@'$host';"
    done
  done
}
