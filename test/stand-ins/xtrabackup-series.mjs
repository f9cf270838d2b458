/** What differs between the series of XtraBackup that are stood in for. Source: their release notes and `--version`. */
const SERIES = {
  2.4: { version: '2.4.29', server: '5.7.44', serves: /^5\.[67]\./ },
  '8.0': { version: '8.0.35-30', server: '8.0.35', serves: /^8\.0\./ },
  8.4: { version: '8.4.0-1', server: '8.4.0', serves: /^8\.4\./ },
};

/** The later ones number as their servers do. @param {string} series */
export function aboutSeries(series) {
  const later = { version: `${series}.0-1`, server: `${series}.0`, serves: new RegExp(`^${series}\\.`) };
  return SERIES[series] ?? later;
}

/** Options that are understood; all others end the program, as they do the real one. */
const CLIENT =
  'user password host port socket ssl-mode ssl-ca ssl-cert ssl-key ssl-cipher backup prepare stream target-dir ' +
  'extra-lsndir incremental-lsn incremental-dir incremental-basedir apply-log-only use-memory galera-info slave-info ' +
  'safe-slave-backup no-backup-locks backup-locks parallel throttle compress decompress databases tables export no-lock history version help';

/** Those of the server that may stand in backup-my.cnf. */
const SERVER =
  'open-files-limit datadir tmpdir server-id innodb innodb-adaptive-hash-index innodb-autoextend-increment ' +
  'innodb-buffer-pool-size innodb-checksum-algorithm innodb-data-file-path innodb-data-home-dir innodb-doublewrite ' +
  'innodb-file-io-threads innodb-file-per-table innodb-flush-log-at-trx-commit innodb-flush-method ' +
  'innodb-log-buffer-size innodb-log-file-size innodb-log-files-in-group innodb-log-group-home-dir ' +
  'innodb-max-dirty-pages-pct innodb-open-files innodb-page-size innodb-read-io-threads innodb-undo-directory ' +
  'innodb-undo-tablespaces innodb-use-native-aio innodb-write-io-threads redo-log-version';

const ONLY = {
  2.4: 'innodb-fast-checksum innodb-log-block-size innodb-log-checksum-algorithm',
  '8.0': 'innodb-log-checksums innodb-redo-log-encrypt innodb-undo-log-encrypt plugin-load server-uuid',
  8.4: 'innodb-log-checksums innodb-redo-log-encrypt innodb-undo-log-encrypt plugin-load server-uuid',
};

export const optionsOf = (series) => ({
  client: CLIENT.split(' '),
  server: [...SERVER.split(' '), ...(ONLY[series] ?? ONLY['8.4']).split(' ')],
});

const BACKUP_MY_CNF = {
  2.4: 'innodb_checksum_algorithm=crc32\ninnodb_fast_checksum=false\ninnodb_log_file_size=50331648\nredo_log_version=1\n',
  '8.0': 'innodb_checksum_algorithm=crc32\ninnodb_log_file_size=50331648\nserver_uuid=none\n',
  8.4: 'innodb_checksum_algorithm=crc32\nserver_uuid=none\n',
};

/** What it puts into a copy for `--prepare`: at least one option that no server knows. @param {string} series */
export const backupMyCnf = (series) => BACKUP_MY_CNF[series] ?? BACKUP_MY_CNF['8.4'];
