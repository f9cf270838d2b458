import type { Kind } from './kind.ts';

/** A row of the table. `open` loads the kind: every command reads the table, as keys name kinds, and most need one of them. */
function row<P extends boolean, K>(isPeriodic: P, open: () => Promise<K>) {
  return { isPeriodic, open };
}

/**
 * Every kind of copies, one row each, in the order in which `ls` prints them: whether its copies are below run types
 * (contract: where things lie on a destination), and the `Kind`. Keys, statuses, `ls`, `status`, `check`, `share` and the signing of entries
 * derive from it.
 */
export const KINDS = {
  files: row(true, async () => (await import('./files.ts')).FILES),
  mysql: row(true, async () => (await import('./mysql.ts')).MYSQL),
  binlog: row(false, async () => (await import('./binlog.ts')).BINLOG),
};

/** Loads the kind of that name. */
export async function openKind(media: keyof typeof KINDS): Promise<Kind> {
  return await KINDS[media].open();
}
