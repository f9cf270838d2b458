/**
 * Who wrote a copy. Two machines may have one host name, and one machine may back up two servers: their copies are in one status
 * then, and must not be taken for each other's.
 */
export interface Writer {
  /** `[host] name`, or what tells this machine from others (src/lock/machine-id.ts); not known of the Python tool's copies. */
  readonly machineId?: string | undefined;
  /** Of copies of a server and of its binary logs: `ID:PORT`; see identity.ts. */
  readonly server?: string | undefined;
}

/** What the entry of a copy says of its writer. */
export interface WrittenCopy extends Writer {
  readonly key: string;
  /**
   * The number of the entry in the order in which copies were added to this status: each has one more than the highest there. Unlike
   * a time it says who wrote after whom whatever the clocks of two machines show. Not known of the Python tool's copies.
   */
  readonly serial?: number | undefined;
}
