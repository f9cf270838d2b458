import type { Flavour } from '../flavours.ts';
import { grantsAny } from './grants.ts';
import { quoteAccount } from './mysql-errors.ts';

/** A privilege that backups take. */
interface RequiredGrant {
  /** The one to grant. */
  readonly privilege: string;
  /** What it is on. */
  readonly on: string;
  /** Others that contain it, or that it is called by in other versions. */
  readonly or: readonly string[];
}

const everywhere = (privilege: string, ...or: readonly string[]): RequiredGrant => ({
  privilege,
  on: '*.*',
  or,
});

const COMMON = [everywhere('RELOAD'), everywhere('PROCESS'), everywhere('LOCK TABLES')];

/** Source: "Privileges" in the manuals of mariadb-backup and Percona XtraBackup; docs/usage.md says what is for what. */
const REQUIRED = {
  mariadb: [...COMMON, everywhere('BINLOG MONITOR', 'REPLICATION CLIENT', 'SUPER')],
  'mysql-5.7': [...COMMON, everywhere('REPLICATION CLIENT', 'SUPER')],
  mysql: [
    ...COMMON,
    everywhere('REPLICATION CLIENT', 'SUPER'),
    everywhere('BACKUP_ADMIN'),
    ...['log_status', 'keyring_component_status', 'replication_group_members'].map(
      (table): RequiredGrant => ({ privilege: 'SELECT', on: `performance_schema.${table}`, or: [] }),
    ),
  ],
} as const;

/** Those of them that copies of binary logs take as well. */
const OF_LOGS: readonly string[] = ['RELOAD', 'BINLOG MONITOR', 'REPLICATION CLIENT'];

/**
 * The statements that grant what the account lacks; `grants` is what SHOW GRANTS says of it. `logsOnly`: the data are not copied, only the
 * binary logs.
 */
export function missingGrants(
  { family, name }: Pick<Flavour, 'family' | 'name'>,
  grants: string,
  account: string,
  { logsOnly = false } = {},
): string[] {
  const required = REQUIRED[family === 'mariadb' ? 'mariadb' : name === 'mysql-5.7' ? name : 'mysql'];
  return required
    .filter(({ privilege }) => !logsOnly || OF_LOGS.includes(privilege))
    .filter(({ privilege, on, or }) => !isGranted(grants, [privilege, ...or], on))
    .map(({ privilege, on }) => `GRANT ${privilege} ON ${on} TO ${quoteAccount(account)};`);
}

function isGranted(grants: string, privileges: readonly string[], on: string): boolean {
  if (grantsAny(grants, privileges)) return true;
  const [schema, table] = on.split('.');
  return grants.split('\n').some((line) => {
    const [, granted = '', where = ''] = /^GRANT (.+?) ON (\S+) TO /i.exec(line) ?? [];
    const names = where.replaceAll('`', '');
    const isThere = names === on || names === `${schema}.*`;
    return (
      isThere &&
      table !== '*' &&
      granted.split(/, ?/).some((each) => ['ALL PRIVILEGES', ...privileges].includes(each))
    );
  });
}

/** Whether the account has roles, whose privileges SHOW GRANTS of MySQL does not show. */
export function hasRoles(grants: string): boolean {
  return grants.split('\n').some((line) => /^GRANT [^ ]+ TO /i.test(line) && !/^GRANT PROXY /i.test(line));
}
