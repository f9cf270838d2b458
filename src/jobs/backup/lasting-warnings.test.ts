import { describe, expect, it } from 'vitest';
import { parseToldWarnings, type ToldWarnings } from '../../status/told-warnings.ts';
import { recallWarnings } from './lasting-warnings.ts';

const DAY = 24 * 3600;
const START = 1_767_225_600;
const WHOLE = { complete: true };

/** One run with these states and messages; returns which were said, and what the next run remembers. */
function run(told: ToldWarnings, now: number, states: Readonly<Record<string, string>>, options = WHOLE) {
  const warnings = recallWarnings(told, now);
  const said = Object.entries(states)
    .filter(([state, message]) => warnings.isDue(state, message))
    .map(([state]) => state);
  const remembered = warnings.remember(options);
  return { said, told: remembered ?? told, changed: remembered !== undefined };
}

describe('the warning of a lasting state', () => {
  it('is given when the state begins, and again after a week', () => {
    const first = run({}, START, { mode: 'open' });
    expect(first).toMatchObject({ said: ['mode'], changed: true });
    const hourAfter = run(first.told, START + 3600, { mode: 'open' });
    expect(hourAfter).toMatchObject({ said: [], changed: false });
    expect(run(first.told, START + 7 * DAY - 1, { mode: 'open' }).said).toEqual([]);
    const weekAfter = run(first.told, START + 7 * DAY, { mode: 'open' });
    expect(weekAfter).toMatchObject({ said: ['mode'], changed: true });
    expect(run(weekAfter.told, START + 8 * DAY, { mode: 'open' }).said).toEqual([]);
  });

  it('is given when its message changes, and once for each state', () => {
    const { told } = run({}, START, { mode: 'open', owner: 'nobody' });
    expect(run(told, START + 60, { mode: 'open', owner: 'mysql' }).said).toEqual(['owner']);
    const warnings = recallWarnings({}, START);
    expect([warnings.isDue('mode', 'open'), warnings.isDue('mode', 'open')]).toEqual([true, false]);
  });

  it('is given at once when the state begins again', () => {
    const { told } = run({}, START, { mode: 'open' });
    const ended = run(told, START + 60, {});
    expect(ended).toMatchObject({ told: {}, changed: true });
    expect(run(ended.told, START + 120, { mode: 'open' }).said).toEqual(['mode']);
  });

  it('is remembered over a run that does not look at everything', () => {
    const { told } = run({}, START, { mode: 'open' });
    const partial = run(told, START + 60, { logs: 'off' }, { complete: false });
    expect(partial).toMatchObject({ said: ['logs'], changed: true });
    expect(run(partial.told, START + 120, { mode: 'open', logs: 'off' }).said).toEqual([]);
    expect(run(told, START + 60, {}, { complete: false }).changed).toBe(false);
  });

  it('is not silenced by a time from tomorrow', () => {
    const { told } = run({}, START + DAY, { mode: 'open' });
    expect(run(told, START, { mode: 'open' }).said).toEqual(['mode']);
  });
});

describe('the size of a copy that its destination could not hold', () => {
  it('is remembered over other runs until a copy is stored, and then forgotten', () => {
    const failed = recallWarnings({}, START);
    failed.outgrown.note('/data', 5000);
    const told = failed.remember({ complete: false }) ?? {};
    // As it is read from a status.
    const read = parseToldWarnings(JSON.parse(JSON.stringify(told)));
    const other = run(read, START + 3600, { mode: 'open' });
    expect(recallWarnings(other.told, START + 7200).outgrown.reached('/data')?.bytes).toBe(5000);
    expect(run(other.told, START + 7200, { mode: 'open' }).changed).toBe(false);
    const stored = recallWarnings(other.told, START + 9000);
    stored.outgrown.note('/data', undefined);
    expect(stored.remember(WHOLE)).toEqual({});
  });
  it('is of late for a week, and not when it is from tomorrow', () => {
    const told = { 'outgrown /data': { at: START, digest: '', bytes: 5000 } };
    const isOfLate = (now: number) => recallWarnings(told, now).outgrown.reached('/data')?.isOfLate;
    expect([START, START + 7 * DAY - 1, START + 7 * DAY, START - 1].map(isOfLate)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('is forgotten with its source, also by a run that does not look at everything', () => {
    const told = {
      'outgrown /data': { at: START, digest: '', bytes: 5000 },
      'outgrown /old': { at: START, digest: '', bytes: 7000 },
    };
    const warnings = recallWarnings(told, START + 60, (title) => title === '/data');
    expect(warnings.outgrown.reached('/old')).toBeUndefined();
    const remembered = warnings.remember({ complete: false });
    expect(remembered).toEqual({ 'outgrown /data': told['outgrown /data'] });
    expect(
      recallWarnings(remembered ?? {}, START + 90, (title) => title === '/data').remember(WHOLE),
    ).toBeUndefined();
  });
});
