import { TwinDbError } from '../../errors.ts';

/** A statement of the operator's, and what it must answer. */
export interface Statement {
  /** Its first line in the file, from 1. */
  readonly line: number;
  readonly sql: string;
  /** First cells of the first rows, null for NULL; empty: it only has to succeed. */
  readonly expected: readonly (string | null)[];
}

const EXPECT = /^--\s*expect:(.*)$/i;
const COMMENT = /^(--|#)/;

/**
 * Statements of a file: each ends with a `;` at the end of a line, and lines `-- expect: VALUE` may follow, one for each row. Other lines
 * that begin with `--` or `#` are comments. Throws a TwinDbError that names the line.
 */
export function parseStatements(text: string, file: string): Statement[] {
  const statements: { line: number; sql: string; expected: (string | null)[] }[] = [];
  let open: { line: number; lines: string[] } | undefined;
  const close = (): void => {
    const sql = open?.lines.join('\n').trim().replace(/;$/, '').trim() ?? '';
    if (open !== undefined && sql !== '') statements.push({ line: open.line, sql, expected: [] });
    open = undefined;
  };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    const value = EXPECT.exec(line)?.[1]?.trim();
    if (value !== undefined) {
      const last = statements.at(-1);
      if (open !== undefined || last === undefined)
        throw invalid(
          file,
          index + 1,
          '"-- expect:" is not behind the end of a statement, which is a ";" at the end of a line',
        );
      last.expected.push(value === 'NULL' ? null : value);
    } else if (line !== '' && !COMMENT.test(line)) {
      open ??= { line: index + 1, lines: [] };
      open.lines.push(raw);
      if (line.endsWith(';')) close();
    }
  }
  close();
  if (statements.length === 0) throw invalid(file, 1, 'there is no statement');
  return statements;
}

function invalid(file: string, line: number, reason: string): TwinDbError {
  return new TwinDbError(`Cannot use ${file}, line ${line}: ${reason}`, {
    remedy: 'docs/usage.md shows the form of the file, "verify mysql --boot".',
  });
}

/** What is wrong with an answer; undefined when it is as expected. */
export function judgeAnswer(
  { expected }: Pick<Statement, 'expected'>,
  cells: readonly (string | null)[],
): string | undefined {
  for (const [index, wanted] of expected.entries()) {
    const got = cells[index];
    if (got === wanted) continue;
    const row = expected.length > 1 ? `row ${index + 1}: ` : '';
    return `${row}expected ${show(wanted)}, got ${got === undefined ? 'no row' : show(got)}`;
  }
  return undefined;
}

function show(cell: string | null): string {
  return cell === null ? 'NULL' : JSON.stringify(cell.length > 200 ? `${cell.slice(0, 200)}…` : cell);
}
