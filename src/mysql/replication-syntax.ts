/** The words for replication, which MySQL 8.4 and MariaDB have each their own of. */

/** Where replication starts. */
export interface ReplicationSource {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly binlog: string;
  readonly position: number;
  /** What the copy holds, in GTIDs; undefined where the source does not use them: then binlog and position count. */
  readonly gtid: string | undefined;
}

/** A place in the binary logs of a server. */
type BinlogPlace = Pick<ReplicationSource, 'binlog' | 'position'>;

/** A server that is asked. */
interface Asked {
  query<Row>(sql: string, values: readonly (string | number)[]): Promise<Row[]>;
}

/** A statement, and what its placeholders stand for. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** SQL to replicate from a source. The last placeholder of `changeSource` is the password, which `values` lacks. */
export interface ReplicationSyntax {
  readonly changeSource: (source: ReplicationSource) => Statement;
  /** Makes a fresh server take the GTIDs of the copy for its own, before `changeSource`. */
  readonly adoptGtid: (gtid: string) => readonly Statement[];
  /**
   * What a source has logged up to a place in its logs, in GTIDs, where its backup program has said `told`; undefined: begin by
   * that place.
   */
  readonly gtidAt: (source: Asked, place: BinlogPlace, told: string) => Promise<string | undefined>;
  /** The statement `start`, or that of `changeSource`, for a connection by its name; the name is empty for the usual one. */
  readonly ofConnection: (sql: string, name: string) => string;
  readonly start: string;
  readonly stop: string;
  /** Forgets any source that the copy brought along; only after `stop`. */
  readonly reset: string;
  readonly status: string;
  /** The status of all connections to sources, a row each. */
  readonly upstreams: string;
  /** What a user needs for these statements; any one of them. Source: the manuals' pages of the statements. */
  readonly privileges: readonly string[];
}

/** `CHANGE MASTER TO MASTER_HOST=?, …`: the words differ, the options are the same. */
function changeSource(
  words: string,
  prefix: string,
  { host, port, user, binlog, position, gtid }: ReplicationSource,
  more: { readonly byGtid: readonly string[]; readonly byPosition: readonly string[] },
): Statement {
  const place =
    gtid === undefined
      ? {
          options: [`${prefix}_LOG_FILE=?`, `${prefix}_LOG_POS=?`, ...more.byPosition],
          values: [binlog, position],
        }
      : { options: more.byGtid, values: [] };
  const options = [`${prefix}_HOST=?`, `${prefix}_PORT=?`, `${prefix}_USER=?`, ...place.options];
  return {
    sql: `${words} ${options.join(', ')}, ${prefix}_PASSWORD=?`,
    values: [host, port, user, ...place.values],
  };
}

/** An SQL string. */
export function quoteSql(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

const ofChannel = (sql: string, name: string): string =>
  name === '' ? sql : `${sql} FOR CHANNEL ${quoteSql(name)}`;

/** How MySQL takes GTIDs for its own; `reset` empties what it has executed, in the words of its version. */
const purgeGtid =
  (reset: string) =>
  (gtid: string): readonly Statement[] => [
    { sql: reset, values: [] },
    { sql: 'SET GLOBAL gtid_purged = ?', values: [gtid] },
  ];

export const MASTER_SYNTAX: ReplicationSyntax = {
  changeSource: (source) =>
    changeSource('CHANGE MASTER TO', 'MASTER', source, {
      byGtid: ['MASTER_AUTO_POSITION=1'],
      byPosition: [],
    }),
  adoptGtid: purgeGtid('RESET MASTER'),
  gtidAt: (_source, _place, told) => Promise.resolve(told),
  ofConnection: ofChannel,
  start: 'START SLAVE',
  stop: 'STOP SLAVE',
  reset: 'RESET SLAVE ALL',
  status: 'SHOW SLAVE STATUS',
  upstreams: 'SHOW SLAVE STATUS',
  privileges: ['SUPER', 'REPLICATION_SLAVE_ADMIN'],
};

/** MySQL 8.0.23 brought these words, 8.4 took the old ones away. */
export const SOURCE_SYNTAX: ReplicationSyntax = {
  changeSource: (source) => {
    // Without TLS, caching_sha2_password needs the source's public key.
    const key = 'GET_SOURCE_PUBLIC_KEY=1';
    return changeSource('CHANGE REPLICATION SOURCE TO', 'SOURCE', source, {
      byGtid: ['SOURCE_AUTO_POSITION=1', key],
      byPosition: [key],
    });
  },
  adoptGtid: purgeGtid('RESET BINARY LOGS AND GTIDS'),
  gtidAt: (_source, _place, told) => Promise.resolve(told),
  ofConnection: ofChannel,
  start: 'START REPLICA',
  stop: 'STOP REPLICA',
  reset: 'RESET REPLICA ALL',
  status: 'SHOW REPLICA STATUS',
  upstreams: 'SHOW REPLICA STATUS',
  privileges: ['SUPER', 'REPLICATION_SLAVE_ADMIN'],
};

/** MariaDB has GTIDs always, and begins at the binlog position only when told not to use them. */
export const MARIADB_SYNTAX: ReplicationSyntax = {
  ...MASTER_SYNTAX,
  changeSource: (source) =>
    changeSource('CHANGE MASTER TO', 'MASTER', source, {
      byGtid: ['MASTER_USE_GTID=slave_pos'],
      byPosition: ['MASTER_USE_GTID=no'],
    }),
  adoptGtid: (gtid) => [{ sql: 'SET GLOBAL gtid_slave_pos = ?', values: [gtid] }],
  // mariabackup tells gtid_current_pos, which passes over events that carry another server's id: a replica that began there would
  // apply them a second time.
  async gtidAt(source, { binlog, position }) {
    const sql = 'SELECT BINLOG_GTID_POS(?, ?) AS gtid';
    const [row] = await source.query<{ gtid: string | null }>(sql, [binlog, position]);
    return row?.gtid || undefined;
  },
  ofConnection: (sql, name) =>
    name === '' ? sql : sql.replace(/^\w+ \w+/, (words) => `${words} ${quoteSql(name)}`),
  // The other statement is of one connection.
  upstreams: 'SHOW ALL SLAVES STATUS',
  privileges: ['SUPER', 'REPLICATION SLAVE ADMIN', 'REPLICATION REPLICA ADMIN'],
};
