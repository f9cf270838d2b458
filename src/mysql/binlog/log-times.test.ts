import { describe, expect, it } from 'vitest';
import { lastSecondOf, windowOf } from './log-times.ts';

const log = (
  timeCreated: number,
  contents?: { firstTime?: number; lastTime?: number; closedTime?: number },
) => ({
  timeCreated,
  contents: contents && { firstTime: undefined, lastTime: undefined, closedTime: undefined, ...contents },
});

describe('when a log was written', () => {
  it('is from its date to that of the next one, or until it was closed', () => {
    expect(windowOf(log(100), log(200))).toEqual({ from: 100, to: 200 });
    expect(windowOf(log(100, { closedTime: 150 }))).toEqual({ from: 100, to: 150 });
    expect(windowOf(log(100))).toEqual({ from: 100, to: undefined });
  });

  it('lasts until the first transaction in the next one, which a long statement has dated back', () => {
    expect(windowOf(log(100), log(110, { firstTime: 300 }), log(400))).toEqual({ from: 100, to: 300 });
    expect(windowOf(log(100), log(110, { firstTime: 300, closedTime: 310 }))).toEqual({ from: 100, to: 300 });
  });

  it('is not told by a time that a session has SET', () => {
    expect(windowOf(log(100), log(200, { firstTime: 9999 }), log(300))).toEqual({ from: 100, to: 200 });
    expect(windowOf(log(100), log(200, { firstTime: 1 }), log(300))).toEqual({ from: 100, to: 200 });
  });

  it('is open where the clock was put back', () => {
    expect(windowOf(log(100), log(50), log(60))).toEqual({ from: 100, to: undefined });
  });

  it('ends with what is known last', () => {
    expect(lastSecondOf(log(100, { lastTime: 150, closedTime: 190 }))).toBe(190);
    expect(lastSecondOf(log(100, { lastTime: 150 }))).toBe(150);
    expect(lastSecondOf(log(100, { lastTime: 1 }))).toBe(100);
    expect(lastSecondOf(log(100), log(200))).toBe(200);
    expect(lastSecondOf(log(100))).toBe(100);
  });
});
