import type { MysqlServer } from './server.ts';

/** What SHOW GRANTS says of our account, a grant a line; MySQL does not show what a role grants. */
export async function readGrants({ query }: Pick<MysqlServer, 'query'>): Promise<string> {
  const rows = await query<Record<string, string>>('SHOW GRANTS');
  return rows.flatMap((row) => Object.values(row)).join('\n');
}

/** Whether one of these privileges, or all there are, is granted on everything. */
export function grantsAny(grants: string, privileges: readonly string[]): boolean {
  const wanted = ['ALL PRIVILEGES', ...privileges];
  return grants
    .split('\n')
    .flatMap((line) => /^GRANT (.+?) ON \*\.\* TO /i.exec(line)?.[1]?.split(/, ?/) ?? [])
    .some((granted) => wanted.includes(granted));
}
