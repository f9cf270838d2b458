import { describeError } from '../../errors.ts';
import { inBoth, packTables } from '../../mysql/copy/table-list.ts';
import { listTables, type TableEngines } from '../../mysql/server/list-tables.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import type { JobContext } from '../job-context.ts';

/**
 * Lists the server's tables before a copy is made; what it returns lists them again afterwards and gives those that were there at both times, as the
 * status records them. A copy is one without that list too: where it cannot be made, it is left out.
 */
export async function noteTables(
  server: Pick<MysqlServer, 'query' | 'flavour' | 'variable'>,
  { log, signal }: JobContext,
): Promise<() => Promise<string | undefined>> {
  const list = async (): Promise<TableEngines | undefined> => {
    try {
      return await listTables(server);
    } catch (error) {
      signal.throwIfAborted();
      log.debug(`Which tables there are is not recorded: ${describeError(error)}`);
      return undefined;
    }
  };
  const before = await list();
  return async () => {
    const after = before && (await list());
    return before && after && packTables(inBoth(before, after));
  };
}
