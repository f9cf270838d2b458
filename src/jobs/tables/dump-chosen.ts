import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { ProcessError, TwinDbError } from '../../errors.ts';
import type { Flavour } from '../../mysql/flavours.ts';
import type { PrivateServer } from '../../mysql/private-server/private-server.ts';
import { dumpTables, WITHOUT_US } from '../../mysql/replay/dump-program.ts';
import { quoteTable } from '../../mysql/server/quote-name.ts';
import type { JobContext } from '../job-context.ts';
import type { DumpedTable } from './advise-rows.ts';
import {
  describeTable,
  findViewFault,
  hasAccounts,
  hasCode,
  hasTriggers,
  listReferences,
  listTables,
} from './describe-tables.ts';
import { dumpInto } from './dump-into.ts';
import { fileNameOf, fileOfMore } from './file-name.ts';
import { type ChosenTables, chooseTables, parentsFirst, pointingOn } from './table-names.ts';

/** A server to dump from, and where to. */
interface Dumping {
  readonly server: PrivateServer;
  readonly flavour: Flavour;
  readonly folder: string;
}

interface DumpedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Writes a new file by a dump program with these options. */
type Write = (name: string, options: readonly string[]) => Promise<void>;

/**
 * Writes what these names mean, a file for each table and more for what else there is. Throws a TwinDbError that names the file that could not be
 * written, or what is not there.
 */
export async function dumpChosen(
  names: readonly string[],
  { server, flavour, folder }: Dumping,
  { log, signal }: JobContext,
): Promise<{ readonly dumped: readonly DumpedTable[]; readonly files: readonly DumpedFile[] }> {
  const there = await listTables(server);
  const chosen = chooseTables(names, there.tables, there.databases);
  const files: DumpedFile[] = [];
  const write: Write = async (name, options) => {
    log.debug(`Writing ${name}`);
    const program = await dumpTables(flavour, server, options);
    try {
      files.push({ name, size: await dumpInto(join(folder, name), program, signal) });
    } catch (error) {
      signal.throwIfAborted();
      throw await explain(name, error, server);
    }
  };
  const dumped = await writeTables(chosen, server, write);
  await writeViews(chosen, server, log, write);
  for (const schema of chosen.databases) {
    if (await hasCode(server, schema))
      await write(fileOfMore(schema, 'routines'), [
        '--no-create-info',
        '--no-data',
        '--skip-triggers',
        '--routines',
        '--events',
        '--',
        schema,
      ]);
  }
  if (files.length > 0) return { dumped, files };
  throw new TwinDbError(`There is nothing to restore in ${names.map(quoteLocation).join(', ')}`, {
    remedy: 'Name another database, or another copy or target.',
  });
}

async function writeTables(
  { tables }: ChosenTables,
  server: PrivateServer,
  write: Write,
): Promise<DumpedTable[]> {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  const references = schemas.length === 0 ? [] : await listReferences(server, schemas);
  const base = parentsFirst(
    tables.filter(({ isView }) => !isView),
    references,
  );
  const circular = pointingOn(base, references);
  const dumped: DumpedTable[] = [];
  for (const table of base) {
    const file = fileNameOf(table.schema, table.name);
    const where = (await hasAccounts(server, table)) ? [WITHOUT_US] : [];
    await write(file, ['--skip-triggers', ...where, '--', table.schema, table.name]);
    if (await hasTriggers(server, table))
      await write(fileOfMore(table.schema, table.name, 'triggers'), [
        '--no-create-info',
        '--no-data',
        '--triggers',
        '--',
        table.schema,
        table.name,
      ]);
    const isCircular = circular.has(quoteTable(table));
    dumped.push({ ...table, file, isCircular, ...(await describeTable(server, table)) });
  }
  return dumped;
}

/** One that needs what is not there any more is left out, with a warning: it must not keep the operator from the tables of its database. */
async function writeViews(
  { tables, databases }: ChosenTables,
  server: PrivateServer,
  log: JobContext['log'],
  write: Write,
): Promise<void> {
  const bySchema = new Map<string, string[]>();
  for (const view of tables.filter(({ isView }) => isView)) {
    const shown = quoteLocation(`${view.schema}.${view.name}`);
    const fault = await findViewFault(server, view);
    if (fault === undefined) bySchema.set(view.schema, [...(bySchema.get(view.schema) ?? []), view.name]);
    else if (databases.includes(view.schema)) log.warn(`The view ${shown} is left out: ${fault}`);
    else throw new TwinDbError(`The view ${shown} cannot be restored: ${fault}`, { hasLines: true });
  }
  for (const [schema, views] of bySchema) await write(fileOfMore(schema, 'views'), ['--', schema, ...views]);
}

/** A server that meets a damaged page may end, and says why in its log only. */
async function explain(name: string, error: unknown, server: PrivateServer): Promise<TwinDbError> {
  const what = `Cannot write ${name}`;
  if (!(error instanceof ProcessError)) return new TwinDbError(what, { cause: error });
  const cause = await server.query('SELECT 1').then(
    () => error,
    () => server.explain('The private server has ended', error),
  );
  const remedy = 'Name what is needed and not damaged, a table each, or another copy with --copy.';
  return new TwinDbError(what, { cause, remedy });
}
