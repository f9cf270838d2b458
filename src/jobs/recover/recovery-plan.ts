import type { KnownBinlog } from '../../catalogue/list-binlogs.ts';
import type { MysqlChain } from '../../catalogue/mysql-chain.ts';
import type { StreamedLog } from '../../catalogue/streamed-logs.ts';
import type { BinlogContents } from '../../copies/binlog-contents.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { StoredBinlog } from '../../mysql/binlog/plan-replay.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';

/** What the planning needs to know of a binary log. */
export interface ListedLog extends StoredBinlog {
  /** Undefined where neither a status nor a scan tells. */
  readonly contents: BinlogContents | undefined;
  /** Of a log that is stored in parts only: how much of it can be used. */
  readonly parts?: UsableParts | undefined;
}

/** Up to where the parts of a log give it without a hole. */
export interface UsableParts {
  /** Bytes from the beginning of the log; 0: its first part is missing. */
  readonly end: number;
  /** Why those behind it are of no use, as a sentence without its period; undefined: there are none. */
  readonly problem: string | undefined;
}

/** A binary log of which there is a copy, parts that `stream binlog` has stored, or a file on this machine. */
export interface RecoveryLog extends ListedLog {
  /** Bytes of the objects as they are stored, or of the file. */
  readonly size: number;
  readonly source:
    | { readonly kind: 'copy'; readonly binlog: KnownBinlog }
    | { readonly kind: 'parts'; readonly log: StreamedLog }
    | { readonly kind: 'file'; readonly path: string };
}

/** Where a copy of the data ends in the logs of its server. */
export interface ReplayStart {
  readonly binlog: string;
  /** Bytes from the beginning of that log. */
  readonly position: number;
  readonly gtid: string | undefined;
}

/** What ends the logs that can be replayed. */
export interface ChainEnd<L extends ListedLog = RecoveryLog> {
  /** The last log that can be replayed; undefined: not even the one that the copy ends in was copied. */
  readonly after: L | undefined;
  /** Why nothing follows it, as a sentence without its period. */
  readonly reason: string;
  /** Whether transactions are missing behind it; otherwise it is the newest log that there is. */
  readonly isGap: boolean;
}

/** A recovery that can be made, as far as the statuses tell. */
export interface RecoveryPlan {
  readonly target: RecoveryTarget;
  readonly base: MysqlChain;
  /** What the status says of the copy that is restored: the incremental one, if there is one. */
  readonly copy: MysqlCopy;
  readonly start: ReplayStart;
  /** All logs that follow the copy without a gap, the oldest first; the start is in the first one. None where the copy itself is the target. */
  readonly logs: readonly RecoveryLog[];
  /** How many of them lead to the target, as far as is known before they are read. */
  readonly needed: number;
  readonly end: ChainEnd;
  /** Newer copies that cannot be used, by their keys, and why. */
  readonly passedOver: readonly { readonly key: string; readonly problem: string }[];
  /** Seconds since the epoch: the first that can be a target, and the end of the last log where that is known. */
  readonly reachable: { readonly first: number; readonly last: number | undefined };
  /** Bytes to fetch, as they are stored. */
  readonly sizes: { readonly copies: number; readonly logs: number };
}

/** One end of a transaction. */
export interface GroupMark {
  /** Undefined where the server gives none. */
  readonly gtid: string | undefined;
  /** Microseconds since the epoch; whole seconds on MariaDB. */
  readonly time: number;
  readonly binlog: string;
  /** Bytes from the beginning of that log: the end of the last one included, the beginning of the first one left out. */
  readonly position: number;
}

/** Where the replay stops: always between two transactions. */
export interface StopPoint {
  /** The logs to replay, the first one from `plan.start.position`; none where the copy itself is the target. */
  readonly logs: readonly RecoveryLog[];
  /** In the last of them; undefined: to its end. */
  readonly stopPosition: number | undefined;
  /** Undefined: nothing is replayed, or the last logs have no transaction. */
  readonly lastIncluded: GroupMark | undefined;
  /** Undefined: there is none in the logs at hand. */
  readonly firstLeftOut: GroupMark | undefined;
  /** How many are replayed; undefined: the logs in front of the last one do not tell, and the replay has to count. */
  readonly transactions: number | undefined;
  /** For gtid_slave_pos on MariaDB, as in gtid_executed on MySQL; undefined where the server gives no GTIDs. */
  readonly gtidState: string | undefined;
  /** Transactions whose time cannot be that of their commit, which were passed over when the time was looked for. */
  readonly foreignTimes: number;
  /** Bytes behind the last complete transaction of a log that was cut short; undefined: it is complete. */
  readonly torn: { readonly binlog: string; readonly bytes: number } | undefined;
}
