import { describe, expect, it } from 'vitest';
import { judgeMarks } from './lost-copies.ts';

const [older, newer] = [
  { key: 'db1/daily/files/a', started: 100 },
  { key: 'db1/daily/files/b', started: 200 },
];
const judge = (marks: Parameters<typeof judgeMarks>[0], ...there: readonly object[]) =>
  judgeMarks(marks, (mark) => there.includes(mark));

describe('the copies that this machine knows to have stored', () => {
  it('are there when the newest is', () => {
    expect(judge({ newest: newer }, newer)).toEqual({ state: 'there' });
  });

  it('are lost when the newest is not there', () => {
    expect(judge({ newest: newer })).toEqual({ state: 'lost', copy: newer });
  });

  it('stay lost while new ones are made, until the missed one is back', () => {
    const marks = { newest: newer, missed: older };
    expect(judge(marks, newer)).toEqual({ state: 'lost', copy: older });
    expect(judge(marks)).toEqual({ state: 'lost', copy: older });
    expect(judge(marks, older)).toEqual({ state: 'back', elsewhere: newer });
    expect(judge(marks, older, newer)).toEqual({ state: 'there' });
  });
});
