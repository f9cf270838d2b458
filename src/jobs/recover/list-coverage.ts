import type { Catalogue } from '../../catalogue/catalogue.ts';
import { listNewestFirst } from '../../catalogue/newest-copies.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { describeError } from '../../errors.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import type { JobContext } from '../job-context.ts';
import { findLogs } from './known-logs.ts';
import { peekIntoParts } from './peek-parts.ts';
import { type Coverage, planCoverage } from './plan-coverage.ts';
import { findStreamed } from './streamed-logs.ts';

/** What can be restored of one host. */
export interface HostCoverage extends Coverage {
  readonly host: string;
}

/** The coverage of all hosts that have copies of MySQL, and whether all of them could be looked at; what is in the way is reported in the log. */
export async function listCoverage(
  only: string | undefined,
  catalogue: Catalogue,
  context: JobContext,
): Promise<{ readonly hosts: readonly HostCoverage[]; readonly isComplete: boolean }> {
  const found = await catalogue.list(only === undefined ? '' : `${only}/`);
  let isComplete = found.failure === undefined;
  if (found.failure !== undefined) context.log.error(describeError(found.failure));
  const copies = found.copies.filter(({ parsed }) => parsed.media === 'mysql');
  const hosts: HostCoverage[] = [];
  for (const host of [...new Set(copies.map(({ parsed }) => parsed.host))].toSorted()) {
    try {
      const usable = await findUsable(host, copies, catalogue, context.now());
      const stored = await findLogs(host, catalogue);
      const streamed = await findStreamed(host, { stored, copies: usable }, context);
      const logs = [...stored, ...(await peekIntoParts(streamed, context))];
      hosts.push({ host, ...planCoverage(usable, logs) });
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.error(describeError(error));
      isComplete = false;
    }
  }
  return { hosts, isComplete };
}

/** The copies that are listed, are there, and have the full one that they continue. */
async function findUsable(
  host: string,
  found: readonly FoundCopy[],
  catalogue: Catalogue,
  now: Date,
): Promise<MysqlCopy[]> {
  const there = new Set(found.map(({ object }) => keepLocalKey(object.key)));
  const isThere = (key: string) => there.has(keepLocalKey(key));
  const listed = await listNewestFirst(host, MYSQL, catalogue, now);
  const seen = new Set<string>();
  return listed.filter(({ key, parent }) => {
    const isUsable = isThere(key) && (parent === undefined || isThere(parent));
    return isUsable && !seen.has(keepLocalKey(key)) && seen.add(keepLocalKey(key));
  });
}
