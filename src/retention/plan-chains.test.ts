import { describe, expect, it } from 'vitest';
import { type ChainedCopy, type ChainPolicy, parentsNotListed, planChains } from './plan-chains.ts';

const NOW = 1_767_225_600;
const NONE = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

function full(runType: ChainedCopy['runType'], backupStarted: number): ChainedCopy {
  return { key: `${runType}-${backupStarted}`, runType, type: 'full', parent: undefined, backupStarted };
}

function incremental(runType: ChainedCopy['runType'], backupStarted: number, parent?: string): ChainedCopy {
  return { key: `${runType}-${backupStarted}`, runType, type: 'incremental', parent, backupStarted };
}

function plan(copies: readonly ChainedCopy[], changes: Partial<ChainPolicy> = {}) {
  const decisions = planChains(copies, { counts: NONE, alwaysKeepNewest: true, now: NOW, ...changes });
  const reasons = new Map(decisions.map(({ copy, reason }) => [copy.key, reason]));
  const kept = decisions.filter(({ keep }) => keep).map(({ copy }) => copy.key);
  return { kept, reasons };
}

describe('the retention of chains', () => {
  it('keeps a daily full copy beyond its count while a kept hourly one needs it, and says why', () => {
    const copies = [full('daily', 1), incremental('hourly', 2, 'daily-1'), full('daily', 3)];
    const { kept, reasons } = plan(copies, { counts: { ...NONE, hourly: 1, daily: 1 } });
    expect(kept).toEqual(['daily-3', 'hourly-2', 'daily-1']);
    expect(reasons.get('daily-1')).toBe('hourly-2 needs it');
  });

  it('removes the full copy in the same run as the last copy that needed it', () => {
    const copies = [
      full('daily', 1),
      incremental('hourly', 2, 'daily-1'),
      full('daily', 3),
      incremental('hourly', 4, 'daily-3'),
    ];
    expect(plan(copies, { counts: { ...NONE, hourly: 1, daily: 1 } }).kept).toEqual(['hourly-4', 'daily-3']);
  });

  it('counts each run type for itself', () => {
    const copies = [1, 2, 3].flatMap((time) => [full('daily', time), full('weekly', time + 10)]);
    const { kept } = plan(copies, { counts: { ...NONE, daily: 2, weekly: 1 } });
    expect(kept).toEqual(['weekly-13', 'daily-3', 'daily-2']);
  });

  it('does not let a copy from the future stay for the newest one, nor push one out', () => {
    const copies = [full('daily', NOW + 365 * 24 * 3600), full('daily', 5), full('daily', 6)];
    expect(plan(copies, { counts: { ...NONE, daily: 2 } }).kept).toEqual(['daily-6', 'daily-5']);
    expect(plan(copies).kept).toEqual(['daily-6']);
  });

  it('takes the incremental copy for the newer one of two made in the same second', () => {
    const copies = [full('weekly', 5), incremental('hourly', 5, 'weekly-5')];
    expect(plan(copies).kept).toEqual(['hourly-5', 'weekly-5']);
  });

  it('with counts of 0 leaves the newest copy that can be restored, with its chain, and says so', () => {
    const copies = [
      full('daily', 1),
      full('weekly', 2),
      incremental('hourly', 3, 'weekly-2'),
      incremental('hourly', 4, 'gone'),
    ];
    const { kept, reasons } = plan(copies);
    expect(kept).toEqual(['hourly-3', 'weekly-2']);
    expect(reasons.get('hourly-3')).toContain('the newest copy that can be restored always stays');
    expect(reasons.get('hourly-4')).toContain('cannot be restored without gone, which is gone');
  });

  it('with counts of 0 leaves nothing where nothing has to stay', () => {
    const copies = [full('daily', 1), incremental('hourly', 2, 'daily-1')];
    expect(plan(copies, { alwaysKeepNewest: false }).kept).toEqual([]);
  });

  it('does not let copies that cannot be restored push out those that can', () => {
    const copies = [
      full('hourly', 1),
      full('hourly', 2),
      incremental('hourly', 3, 'gone'),
      incremental('hourly', 4),
      incremental('hourly', 5, 'gone'),
    ];
    const { kept } = plan(copies, { counts: { ...NONE, hourly: 2 } });
    expect(kept).toEqual(['hourly-5', 'hourly-4', 'hourly-2', 'hourly-1']);
  });

  it('counts a copy as restorable whose parent another place has', () => {
    const copies = [
      full('daily', 1),
      incremental('hourly', 2, 'daily-9'),
      incremental('hourly', 3, 'daily-9'),
    ];
    const counts = { ...NONE, hourly: 1 };
    expect(plan(copies, { counts, elsewhere: new Set(['daily-9']) }).kept).toEqual(['hourly-3']);
    // Otherwise the newest that can be restored would be the full one.
    expect(plan(copies, { counts }).kept).toEqual(['hourly-3', 'daily-1']);
    expect(parentsNotListed(copies)).toEqual(['daily-9', 'daily-9']);
  });

  it('keeps what others need, and what that needs', () => {
    const copies = [full('daily', 1), incremental('hourly', 2, 'daily-1'), full('weekly', 3)];
    const { kept, reasons } = plan(copies, { needed: new Map([['hourly-2', 'it is being restored']]) });
    expect(kept).toEqual(['weekly-3', 'hourly-2', 'daily-1']);
    expect(reasons.get('hourly-2')).toBe('it is being restored');
    expect(reasons.get('daily-1')).toBe('hourly-2 needs it');
  });

  it('follows chains of incremental copies, and is not led round in circles', () => {
    const chain = [
      full('daily', 1),
      incremental('daily', 2, 'daily-1'),
      incremental('daily', 3, 'daily-2'),
      incremental('daily', 4, 'daily-5'),
      incremental('daily', 5, 'daily-4'),
    ];
    expect(plan(chain, { counts: { ...NONE, daily: 1 } }).kept).toEqual([
      'daily-5',
      // A copy that is kept keeps what it names, whole or not.
      'daily-4',
      'daily-3',
      'daily-2',
      'daily-1',
    ]);
  });
});
