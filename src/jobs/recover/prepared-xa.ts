import type { Flavour } from '../../mysql/flavours.ts';
import type { PrivateServer } from '../../mysql/private-server/private-server.ts';

/** MariaDB gives the ID as it is written in a statement, MySQL in hex. */
interface XaRow {
  readonly formatID: number | string;
  readonly gtrid_length: number | string;
  readonly data: string;
}

/** XA transactions that are prepared and wait for their COMMIT or ROLLBACK, as those statements take them. */
export async function listPreparedXa(
  { query }: Pick<PrivateServer, 'query'>,
  { family }: Pick<Flavour, 'family'>,
): Promise<string[]> {
  if (family === 'mariadb') {
    return (await query<XaRow>("XA RECOVER FORMAT='SQL'")).map(({ data }) => data);
  }
  const rows = await query<XaRow>('XA RECOVER CONVERT XID');
  return rows.map(({ formatID, gtrid_length, data }) => {
    const hex = data.replace(/^0x/i, '');
    const end = Number(gtrid_length) * 2;
    return `X'${hex.slice(0, end)}',X'${hex.slice(end)}',${formatID}`;
  });
}
