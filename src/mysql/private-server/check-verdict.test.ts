import { describe, expect, it } from 'vitest';
import { judgeCheck } from './check-verdict.ts';

const rows = (...said: readonly (readonly [string, string])[]) =>
  said.map(([Msg_type, Msg_text]) => ({ Msg_type, Msg_text }));

// What MariaDB 10.11 answered.
describe('what CHECK TABLE says', () => {
  it('is decided by its last row', () => {
    expect(judgeCheck(rows(['status', 'OK']))).toEqual({ kind: 'sound', warning: undefined });
    expect(
      judgeCheck(
        rows(['warning', "1 client is using or hasn't closed the table properly"], ['status', 'OK']),
      ),
    ).toEqual({ kind: 'sound', warning: "warning: 1 client is using or hasn't closed the table properly" });
    expect(judgeCheck(rows(['status', 'OK'], ['error', 'Corrupt']))).toMatchObject({ kind: 'bad' });
  });

  it('is bad with what it says', () => {
    expect(
      judgeCheck(rows(['Error', "Table 'shop.a' doesn't exist in engine"], ['status', 'Operation failed'])),
    ).toEqual({
      kind: 'bad',
      problem: "Error: Table 'shop.a' doesn't exist in engine; status: Operation failed",
    });
    expect(judgeCheck([])).toMatchObject({ kind: 'bad' });
  });

  it('is no answer where an engine has no check', () => {
    expect(judgeCheck(rows(['note', "The storage engine for the table doesn't support check"]))).toEqual({
      kind: 'unchecked',
    });
  });

  it('is shown on one line', () => {
    const { problem } = judgeCheck(rows(['error', 'a\n\u001b[31mb'])) as { problem: string };
    expect(problem).toBe('error: a\\n\\u001b[31mb');
  });
});
