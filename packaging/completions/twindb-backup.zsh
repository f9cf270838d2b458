#compdef twindb-backup
# Made from the command tree by packaging/manual; do not edit.

_twindb_backup_backup() {
  _arguments -s \
    '--lock-file[runs with the same lock file wait for each other]:value:_files' \
    '--binlogs-only[copy the closed binary logs of the MySQL server, and nothing else]' \
    '--dry-run[say what would be stored and what retention would delete, and why; changes nothing]' \
    '--json[with --dry-run\: print one JSON document]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:run-type:(hourly daily weekly monthly yearly)'
}

_twindb_backup_doctor() {
  _arguments -s \
    '--lock-file[as for backup]:value:_files' \
    '--json[print one JSON document with all findings]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]'
}

_twindb_backup_ls() {
  _arguments -s \
    '--type[only copies of this type]:value:(files mysql binlog)' \
    '--hostname[only copies of this host]:value:_files' \
    '--source[only copies of this directory, of "mysql" or of "binlog"]:value:_files' \
    '--since[only copies that were finished then or later]:value:_files' \
    '--before[only copies that were finished by then, as 2026-01-31, "2026-01-31 14\:30" or 2026-01-31T14\:30Z]:value:_files' \
    '--latest[only the newest copy of each host and source]' \
    '(-l --long)-l[also print type, size in bytes, duration, LSN and parent]' \
    '(-l --long)--long[also print type, size in bytes, duration, LSN and parent]' \
    '--coverage[instead of copies print for each host when every second can be restored, with the binary logs]' \
    '--json[print one JSON document with all that is known of each copy, or of each file in it]' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:copy:_files'
}

_twindb_backup_status() {
  _arguments -s \
    '--type[whose status (default\: "mysql")]:value:(files mysql binlog)' \
    '--hostname[the host that took the copies (default\: this host)]:value:_files' \
    '--summary[print a host at a glance\: sources, last success, size and its trend, last verification, room]' \
    '--json[print JSON, as without this option; with --summary one JSON document]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]'
}

_twindb_backup_check() {
  _arguments -s \
    '--type[only copies of this type]:value:(files mysql binlog)' \
    '--hostname[only copies of this host (default\: all; with --adopt this host)]:value:_files' \
    '--read[also read the copies that are in the status, and compare their checksums]' \
    '--sample[read only a part of those, 5%, 1/20, or 20 of them, and another one the next day; implies --read]:value:_files' \
    '--adopt[enter whole copies that no status knows, so that retention counts them]' \
    '--max-age[fail when the newest copy of what this host backs up is older\: 90m, 26h, 2d (default\: \[check\] max_age)]:value:_files' \
    '--lock-file[as for backup, while a copy is entered]:value:_files' \
    '--json[print one JSON document with what came of each copy]' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:copies:_files'
}

_twindb_backup_pin() {
  _arguments -s \
    '--reason[why, as ls --long shows it]:value:_files' \
    '--hostname[whose copies (default\: this host)]:value:_files' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:copies:_files'
}

_twindb_backup_unpin() {
  _arguments -s \
    '--hostname[whose copies (default\: this host)]:value:_files' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:copies:_files'
}

_twindb_backup_prune() {
  _arguments -s \
    '--dry-run[say what would be deleted and why, and delete nothing]' \
    '--lock-file[as for backup]:value:_files' \
    '--json[print one JSON document with what is decided about each copy]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]'
}

_twindb_backup_delete() {
  _arguments -s \
    '--with-incrementals[delete the incremental copies too that continue a full one]' \
    '--hostname[whose copies (default\: this host); also what another machine of that name has made]:value:_files' \
    '(-y --yes)-y[do not ask]' \
    '(-y --yes)--yes[do not ask]' \
    '--dry-run[say what would be deleted, and delete nothing]' \
    '--lock-file[as for backup]:value:_files' \
    '--json[print one JSON document with what was deleted]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:copies:_files'
}

_twindb_backup_restore_file() {
  _arguments -s \
    '--dst[where to restore; must be empty or absent]:value:_files' \
    '--glob[the paths are patterns\: * ? \[a-z\] within a name, ** for any number of folders]' \
    '--before[with latest\: a copy that was finished by then, as 2026-01-31, "2026-01-31 14\:30" or 2026-01-31T14\:30Z]:value:_files' \
    '--source[with latest\: only copies of this directory]:value:_files' \
    '--hostname[whose latest copy (default\: this host)]:value:_files' \
    '--keep-going[keep the rest when some files cannot be made here; exit code 1]' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:copy:_files' \
    '*:paths:_files'
}

_twindb_backup_restore_mysql() {
  _arguments -s \
    '--dst[where to restore; must be empty or absent]:value:_files' \
    '--to-time[replay the binary logs up to this moment\: 2026-01-31T14\:30\:05Z, "2026-01-31 14\:30\:05+01\:00"]:value:_files' \
    '--to-gtid[replay the binary logs up to this transaction, and include it]:value:_files' \
    '--to-position[replay the binary logs up to this position\: mysql-bin.000042\:1234]:value:_files' \
    '--to-latest[replay all binary logs that there are]' \
    '--more-logs[with --to-…\: also the binary logs in this folder, such as those that a dead server has left]:value:_files' \
    '--plan[with --to-…\: print what would be restored and replayed, and do nothing]' \
    '--json[with --plan\: print one JSON document]' \
    '--before[with latest\: a copy that was finished by then, as 2026-01-31, "2026-01-31 14\:30" or 2026-01-31T14\:30Z]:value:_files' \
    '--hostname[whose latest copy (default\: this host)]:value:_files' \
    '--cache[keep extracted full copies here, and take them from here, for repeated restores]:value:_files' \
    '--install[put the data into place on this host, and what is there aside, as the printed steps would; without a copy those in --dst]' \
    '--start[with --install or --uninstall\: start the server then]' \
    '--uninstall[have what was there before that install again, and its data aside; also the folder with the old data]:value:_files' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:copy:_files'
}

_twindb_backup_restore_tables() {
  _arguments -s \
    '--dst[where to write the files; must be empty or absent]:value:_files' \
    '--copy[which copy, as restore mysql takes it (default\: latest)]:value:_files' \
    '--to-time[replay the binary logs up to this moment\: 2026-01-31T14\:30\:05Z, "2026-01-31 14\:30\:05+01\:00"]:value:_files' \
    '--to-gtid[replay the binary logs up to this transaction, and include it]:value:_files' \
    '--to-position[replay the binary logs up to this position\: mysql-bin.000042\:1234]:value:_files' \
    '--to-latest[replay all binary logs that there are]' \
    '--more-logs[with --to-…\: also the binary logs in this folder]:value:_files' \
    '--hostname[whose latest copy (default\: this host)]:value:_files' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:names:_files'
}

_twindb_backup_restore_binlog() {
  _arguments -s \
    '--dst[where to put them; must be empty or absent]:value:_files' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:copies:_files'
}

_twindb_backup_restore() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  _arguments -C \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:command:((file\:"Restore a directory, or some paths of it. The files are below the target without their leading slash." mysql\:"Make a data directory of a full or incremental copy, on which a server can start; as of any moment, with the binary logs." tables\:"Write tables of a copy of MySQL as files of SQL, one for each; as of any moment, with the binary logs. No running server is touched." binlog\:"Fetch copies of binary logs, each under its own name."))' \
    '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
    file) _twindb_backup_restore_file ;;
    mysql) _twindb_backup_restore_mysql ;;
    tables) _twindb_backup_restore_tables ;;
    binlog) _twindb_backup_restore_binlog ;;
  esac
}

_twindb_backup_verify_file() {
  _arguments -s \
    '--source[with latest\: only the newest copy of this directory]:value:_files' \
    '--hostname[whose latest copies (default\: this host)]:value:_files' \
    '--json[print JSON, as without this option]' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:copy:_files'
}

_twindb_backup_verify_mysql() {
  _arguments -s \
    '--dst[restore here and leave it (default\: a temporary directory, removed afterwards)]:value:_files' \
    '--to-time[replay the binary logs up to this moment\: 2026-01-31T14\:30\:05Z, "2026-01-31 14\:30\:05+01\:00"]:value:_files' \
    '--to-gtid[replay the binary logs up to this transaction, and include it]:value:_files' \
    '--to-position[replay the binary logs up to this position\: mysql-bin.000042\:1234]:value:_files' \
    '--to-latest[replay all binary logs that there are]' \
    '--more-logs[with --to-…\: also the binary logs in this folder]:value:_files' \
    '--hostname[whose latest copy (default\: this host)]:value:_files' \
    '--boot[start a private server on what was restored, check all its tables, and compare them with those the server had]' \
    '--sql[run the statements of this file there, too, and compare what they answer with its lines "-- expect\: VALUE"; implies --boot]:value:_files' \
    '--json[print JSON, as without this option]' \
    '--accept-unauthenticated[also copies that no key of this machine has signed, although one should have]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:copy:_files'
}

_twindb_backup_verify() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  _arguments -C \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:command:((file\:"Read a copy of a directory to its end without unpacking it to a disk, and print as JSON whether it is as it was stored." mysql\:"Restore a copy of MySQL, and print as JSON whether that went well and how long it took."))' \
    '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
    file) _twindb_backup_verify_file ;;
    mysql) _twindb_backup_verify_mysql ;;
  esac
}

_twindb_backup_stream_binlog() {
  _arguments -s \
    '--lock-file[as for backup, while a closed log is stored]:value:_files' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]'
}

_twindb_backup_stream() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  _arguments -C \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:command:((binlog\:"Store the binary logs of the MySQL server every few seconds, in parts, until told to end; closed logs are stored as by backup."))' \
    '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
    binlog) _twindb_backup_stream_binlog ;;
  esac
}

_twindb_backup_share() {
  _arguments -s \
    '--expires[how long the URL works\: 90m, 12h, 2d or seconds, at most 7d]:value:_files' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:copy:_files'
}

_twindb_backup_clone_mysql() {
  _arguments -s \
    '--transport[inside the SSH connection, or by plain TCP to a netcat]:value:(ssh netcat)' \
    '--netcat-port[where netcat listens on the destination (default\: 9990)]:value:_files' \
    '--replication-user[whom the replica logs in as at the source]:value:_files' \
    '--replication-password[its password, for all to see in ps (default\: slavepass)]:value:_files' \
    '--replication-password-file[a file with its password]:value:_files' \
    '--compress[compress the data on their way, with the program of section \[compression\]]' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:source:_files' \
    '2:destination:_files'
}

_twindb_backup_clone() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  _arguments -C \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:command:((mysql\:"Copy the MySQL server of this host to another one, over SSH, and start replication there. The data directory there must be empty."))' \
    '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
    mysql) _twindb_backup_clone_mysql ;;
  esac
}

_twindb_backup_help() {
  _arguments -s \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '*:command:_files'
}

_twindb_backup() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  _arguments -C \
    '(-V --version)-V[print the version and exit]' \
    '(-V --version)--version[print the version and exit]' \
    '--debug[say on stderr what is being done and why]' \
    '(-v --verbose)-v[the same as --debug]' \
    '(-v --verbose)--verbose[the same as --debug]' \
    '(-q --quiet)-q[print only results, warnings and errors, no progress and no remarks]' \
    '(-q --quiet)--quiet[print only results, warnings and errors, no progress and no remarks]' \
    '--log-format[how messages look\: as text, or as JSON lines, all of them on stderr]:value:(text json)' \
    '--config[configuration file]:value:_files' \
    '--xtrabackup-binary[xtrabackup or mariabackup program, instead of the one that fits the server]:value:_files' \
    '--xbstream-binary[without effect\: copies are unpacked without another program; accepted for existing scripts]:value:_files' \
    '(-h --help)-h[print help and exit]' \
    '(-h --help)--help[print help and exit]' \
    '1:command:((backup\:"Take the backups of one run type, as cron does. Prints nothing when all went well." doctor\:"Try everything that the next backup depends on, and say what to do about what does not work. Leaves nothing behind." ls\:"List the copies of all hosts, one a line\: those kept locally first, then by type, run type and name; or what is in one copy." status\:"Print what the status file of a host says, as JSON, or a host at a glance." check\:"Compare the copies that are there with those that the status lists, and test those that it does not list." pin\:"Keep copies whatever retention says, and the full copies that they continue. They stay besides as many as the configuration keeps." unpin\:"Take a pin back\: retention decides about the copies again." prune\:"Delete what the configured retention no longer keeps of this host, without a backup." delete\:"Delete copies, at the destination and in keep_local_path. Asks on a terminal." restore\:"Restore a copy." verify\:"Find out whether a copy can be restored." stream\:"Store what a server writes, as it writes it." share\:"Print a URL under which anyone who has it can fetch a copy on S3 for a while. Nothing is made public." clone\:"Make another host a replica of the server on this one." help\:"Print the help of a command, as its --help does."))' \
    '*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
    backup) _twindb_backup_backup ;;
    doctor) _twindb_backup_doctor ;;
    ls) _twindb_backup_ls ;;
    status) _twindb_backup_status ;;
    check) _twindb_backup_check ;;
    pin) _twindb_backup_pin ;;
    unpin) _twindb_backup_unpin ;;
    prune) _twindb_backup_prune ;;
    delete) _twindb_backup_delete ;;
    restore) _twindb_backup_restore ;;
    verify) _twindb_backup_verify ;;
    stream) _twindb_backup_stream ;;
    share) _twindb_backup_share ;;
    clone) _twindb_backup_clone ;;
    help) _twindb_backup_help ;;
  esac
}

_twindb_backup "$@"
