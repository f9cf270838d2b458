import { asOneLine } from '../../foreign-text.ts';

/** A row of what CHECK TABLE says. */
export interface CheckRow {
  readonly Msg_type: string;
  readonly Msg_text: string;
}

/** What came of checking a table. */
export type CheckVerdict =
  | { readonly kind: 'sound'; readonly warning: string | undefined }
  /** Its engine cannot check it. */
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'bad'; readonly problem: string };

/** Texts of a `status` that mean that all is well. Source: mysql_admin_table of both servers. */
const WELL = /^(OK|Table is already up to date)$/i;

const NO_CHECK = /doesn.t support check/i;

/** Texts that a problem is told with. */
const MOST_TEXTS = 4;

/**
 * What the rows say of a table: the last one decides. A table that was open when its server was copied has warnings before an OK, and
 * `mariadb-check` exits 0 with a corrupt one.
 */
export function judgeCheck(rows: readonly CheckRow[]): CheckVerdict {
  const last = rows.at(-1);
  if (last === undefined) return { kind: 'bad', problem: 'CHECK TABLE says nothing' };
  const texts = [...new Set(rows.map(({ Msg_type, Msg_text }) => `${Msg_type}: ${asOneLine(Msg_text)}`))];
  if (last.Msg_type === 'status' && WELL.test(last.Msg_text)) {
    const before = texts.slice(0, -1);
    return { kind: 'sound', warning: before.length === 0 ? undefined : before.join('; ') };
  }
  if (NO_CHECK.test(last.Msg_text)) return { kind: 'unchecked' };
  return { kind: 'bad', problem: texts.slice(-MOST_TEXTS).join('; ') };
}
