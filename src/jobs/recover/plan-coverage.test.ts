import { describe, expect, it } from 'vitest';
import { simulateBase, simulateLog } from '../../../test/fixtures/recovery.ts';
import { planCoverage } from './plan-coverage.ts';

const LOGS = [1, 2, 3, 4, 5].map((number) =>
  simulateLog(`b.00000${number}`, { begun: number * 100, closed: number * 100 + 100 }),
);
const OLD = simulateBase(250, 'b.000002');
const MIDDLE = simulateBase(350, 'b.000003');
const NEW = simulateBase(450, 'b.000004');

describe('the times in which every second can be restored', () => {
  it('are one where the logs follow each other, from the end of the oldest copy', () => {
    expect(planCoverage([NEW, OLD, MIDDLE], LOGS)).toEqual({
      windows: [
        {
          from: 251,
          to: 600,
          base: OLD.key,
          copies: 3,
          logs: 4,
          reason: 'no later log has been copied',
          endsInGap: false,
        },
      ],
      gaps: [],
      withoutLogs: [],
    });
  });

  it('are several where a log is missing, and the reason is told', () => {
    const { windows, gaps } = planCoverage(
      [NEW, OLD],
      LOGS.filter(({ binlog }) => binlog !== 'b.000003'),
    );
    expect(windows.map(({ from, to, base }) => [from, to, base])).toEqual([
      [251, 300, OLD.key],
      [451, 600, NEW.key],
    ]);
    expect(gaps).toEqual([{ from: 300, to: 451, reason: 'b.000003 is missing among the copies' }]);
  });

  it('are several after RESET MASTER', () => {
    const young = simulateLog('b.000001.1234567890', { begun: 700, closed: 800 });
    const base = simulateBase(750, 'b.000001');
    const { windows, gaps } = planCoverage([base, OLD], [...LOGS, young]);
    expect(windows.map(({ from, to }) => [from, to])).toEqual([
      [251, 600],
      [751, 800],
    ]);
    expect(gaps[0]?.reason).toContain('the server began its logs again');
  });

  it('are a moment each where no logs are copied', () => {
    const { windows, gaps } = planCoverage([NEW, OLD], []);
    expect(windows.map(({ from, to, logs }) => [from, to, logs])).toEqual([
      [250, 250, 0],
      [450, 450, 0],
    ]);
    expect(gaps).toHaveLength(1);
  });

  it('leave out copies without a position, which are told', () => {
    const python = simulateBase(480, undefined);
    expect(planCoverage([python, OLD], LOGS)).toMatchObject({
      windows: [{ from: 251 }],
      withoutLogs: [{ key: python.key, problem: expect.stringContaining('does not say') as string }],
    });
  });

  it('end in a gap when the log of the newest copy is missing and later ones are there', () => {
    const { windows } = planCoverage(
      [NEW],
      LOGS.filter(({ binlog }) => binlog !== 'b.000004'),
    );
    expect(windows).toMatchObject([{ from: 450, to: 450, endsInGap: true }]);
  });
});
