import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError } from '../../errors.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { findUncopiedTables } from '../../mysql/server/uncopied-tables.ts';
import type { JobContext } from '../job-context.ts';

/** Tables that a message names. */
const NAMED = 10;

/** Warns of tables whose data the backup program passes over in silence. That they cannot be asked for fails no copy. */
export async function warnOfUncopied(
  server: Pick<MysqlServer, 'query'>,
  { log, signal, warnLasting }: JobContext,
): Promise<void> {
  try {
    const tables = await findUncopiedTables(server);
    if (tables.length === 0) return;
    const names = tables.slice(0, NAMED).map(({ table, engine }) => `${quoteLocation(table)} (${engine})`);
    const more = tables.length > NAMED ? ` and ${tables.length - NAMED} more` : '';
    warnLasting(
      'mysql-engines',
      `The copies of the server lack the data of tables whose engine the backup program does not copy: ${names.join(', ')}${more}. ` +
        'Back up the files or servers that hold these data separately',
    );
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`Which engines the tables have is not known: ${describeError(error)}`);
  }
}
