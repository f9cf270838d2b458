import type { MysqlConfig } from '../../config/config.ts';
import { RUN_TYPE_TABLE, RUN_TYPES } from '../../copies/run-type.ts';
import { TwinDbError } from '../../errors.ts';
import { findPrograms } from '../../mysql/copy/programs.ts';
import { requireUnreservedNames } from '../../mysql/copy/reserved-names.ts';
import { planReplica } from '../../mysql/server/copy-replica.ts';
import { readGrants } from '../../mysql/server/grants.ts';
import { requireOwnDatadir } from '../../mysql/server/own-files.ts';
import { hasRoles, missingGrants } from '../../mysql/server/required-grants.ts';
import { connectMysql, type MysqlServer } from '../../mysql/server/server.ts';
import { readServerSetup } from '../../mysql/server/server-setup.ts';
import { formatAge } from '../../units.ts';
import { warnOfUncopied } from '../backup/warn-of-uncopied.ts';
import { examineStream } from './examine-stream.ts';
import type { DoctorContext, Report } from './finding.ts';

/** The server, the account, the backup program, and whether the binary logs allow to recover to a moment. */
export async function examineMysql(
  mysql: MysqlConfig,
  context: DoctorContext,
  report: Report,
): Promise<void> {
  const { config, log, programs, signal } = context;
  await using server = await connectMysql(mysql, log, signal);
  report.ok(`${server.flavour.title} (${server.version}), as ${server.options.user}`);
  /** What only copies of the data depend on. */
  const examineCopying = [
    async () => {
      const found = await findPrograms(server, programs, signal);
      report.ok(`${found.backup} (${found.backupVersion}) takes the copies`);
    },
    () => requireUnreservedNames(server),
    () => requireOwnDatadir(server),
    () => warnOfUncopied(server, context),
  ];
  await takeAll(
    [
      () => examineGrants(server, { logsOnly: !config.source.backupMysql }, report),
      ...(config.source.backupMysql ? examineCopying : []),
      () => examineLogs(server, mysql, context, report),
      () => examineStream(server, context, report),
    ],
    signal,
    report,
  );
}

/** One that fails does not hide the others. */
async function takeAll(
  steps: readonly (() => Promise<void>)[],
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      signal.throwIfAborted();
      report.fail(error);
    }
  }
}

async function examineGrants(
  server: MysqlServer,
  needs: { readonly logsOnly: boolean },
  report: Report,
): Promise<void> {
  const grants = await readGrants(server);
  const [me] = await server.query<{ account: string }>('SELECT CURRENT_USER() AS account');
  const missing = missingGrants(server.flavour, grants, me?.account ?? `${server.options.user}@%`, needs);
  if (missing.length === 0) {
    report.ok('The account has every privilege that backups take');
    return;
  }
  const remedy = `Run as an administrator: ${missing.join(' ')}`;
  if (!hasRoles(grants)) throw new TwinDbError('The account lacks privileges', { remedy });
  report.warn(
    `The account lacks privileges, unless one of its roles has them: SHOW GRANTS does not tell\n${remedy}`,
  );
}

/** Settings by which the logs would lack what a recovery to a moment needs. */
async function examineLogs(
  server: MysqlServer,
  mysql: MysqlConfig,
  { config, log }: DoctorContext,
  report: Report,
): Promise<void> {
  const isOn = async (name: string) => ['ON', '1'].includes((await server.variable(name)) ?? '');
  if (!(await isOn('log_bin'))) {
    report.warn(
      'The server writes no binary logs, so a restore brings back the moment of a copy and nothing after it\n' +
        'Set log_bin in the group [mysqld] and restart the server.',
    );
    return;
  }
  const problems: string[] = [];
  const format = await server.variable('binlog_format');
  if (format === 'STATEMENT') {
    problems.push(
      'binlog_format is STATEMENT: a replay can give other data than the server had. Set ROW or MIXED.',
    );
  }
  const setup = await readServerSetup(server, log);
  for (const [name, value] of Object.entries(setup.filters).filter(([filter]) =>
    filter.startsWith('Binlog'),
  )) {
    problems.push(`${name} is ${value}: the logs leave out what other databases get. Remove that option.`);
  }
  const upstreams = setup.upstreams.length > 0;
  if (upstreams && !(await isOn('log_slave_updates')) && !(await isOn('log_replica_updates'))) {
    problems.push(
      'log_slave_updates is off on this replica: its logs lack what it receives. Turn it on, or replay from the primary.',
    );
  }
  const kept = await secondsKept(server);
  const interval = Math.max(
    ...RUN_TYPES.filter((each) => config.intervals[each])
      .slice(0, 1)
      .map((each) => RUN_TYPE_TABLE[each].interval),
  );
  if (kept !== undefined && kept < 2 * interval) {
    problems.push(
      `The server removes its logs after ${formatAge(kept)}, and runs come every ${formatAge(interval)}: one that fails may find them gone. Keep them longer.`,
    );
  }
  if ((await server.variable('sync_binlog')) !== '1') {
    report.note(
      'sync_binlog is not 1: after a crash of the machine the last transactions may lack in the logs',
    );
  }
  for (const problem of problems) report.warn(problem);
  const replica = await planReplica(server, setup.upstreams, mysql.safeSlaveBackup);
  for (const { message } of replica.doubts) report.warn(message);
  if (problems.length === 0) report.ok(`Binary logs allow to recover to a moment (binlog_format ${format})`);
}

/** For how long the server keeps its logs, in seconds; undefined: for ever. */
async function secondsKept(server: MysqlServer): Promise<number | undefined> {
  const seconds = Number((await server.variable('binlog_expire_logs_seconds')) ?? 0);
  const days = Number((await server.variable('expire_logs_days')) ?? 0);
  const kept = seconds > 0 ? seconds : days * 86_400;
  return kept > 0 ? kept : undefined;
}
