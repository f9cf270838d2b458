import type { MysqlServer } from './server.ts';

/** Engines whose tables the backup programs copy, or that keep no data. Source: what mariabackup and XtraBackup copy by name and by suffix. */
const COPIED = [
  'InnoDB',
  'MyISAM',
  'MRG_MyISAM',
  'Aria',
  'ARCHIVE',
  'CSV',
  'ROCKSDB',
  'MEMORY',
  'BLACKHOLE',
  'SEQUENCE',
  'PERFORMANCE_SCHEMA',
  'binlog',
  'partition',
  'wsrep',
];

/** A table that the backup program passes over. */
export interface UncopiedTable {
  /** `SCHEMA.TABLE`. */
  readonly table: string;
  readonly engine: string;
}

/**
 * The tables whose data a copy lacks, as their engine is none that the backup program knows: CONNECT, FEDERATED, and others. Only
 * those are found on which the account has a privilege. The list of all tables is asked for only where such an engine is loaded, as it takes
 * the server long.
 */
export async function findUncopiedTables({ query }: Pick<MysqlServer, 'query'>): Promise<UncopiedTable[]> {
  const known = COPIED.map((engine) => engine.toLowerCase());
  const loaded = await query<{ engine: string }>(
    "SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
  );
  const others = loaded.map(({ engine }) => engine).filter((name) => !known.includes(name.toLowerCase()));
  if (others.length === 0) return [];
  return await query<UncopiedTable>(
    "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS `table`, ENGINE AS engine FROM information_schema.TABLES " +
      `WHERE ENGINE IN (${others.map(() => '?').join(', ')}) ORDER BY 1`,
    others,
  );
}
