/**
 * What is in a binary log, found while it was copied. Recovery to a point in time plans by it: the end of one log must be the
 * start of the next.
 */
export interface BinlogContents {
  /** The server_id of the server that wrote it. */
  readonly serverId: number;
  /**
   * When its first and last transactions were committed, in seconds since the epoch; undefined when it has none. MariaDB records when
   * the statement or COMMIT began, and what a session has SET TIMESTAMP to.
   */
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
  /**
   * The GTIDs before its first and after its last transaction; undefined when it does not say. MySQL: as in gtid_executed. MariaDB: as
   * in gtid_binlog_state, where the last of each domain is the position.
   */
  readonly gtidStart: string | undefined;
  readonly gtidEnd: string | undefined;
  /** The log that the server continued in; undefined when it was stopped or died. */
  readonly nextBinlog: string | undefined;
  /** Whether the server ended it itself, by going on to another one or by a shutdown. */
  readonly endedCleanly: boolean;
  /** When the server ended it, in seconds since the epoch; undefined when it did not, or where that was not recorded. */
  readonly closedTime: number | undefined;
  /** How many complete transactions it has; undefined where that was not recorded. */
  readonly transactions: number | undefined;
}
