import { describe, expect, it } from 'vitest';
import type { PlaceDecision } from '../jobs/record/retention-decisions.ts';
import { summarisePruned } from './summarise-pruned.ts';

const decide = (verdict: PlaceDecision['verdict']): PlaceDecision => ({
  role: 'destination',
  media: 'files',
  key: 'h/daily/files/a',
  location: '/d/h/daily/files/a',
  verdict,
  reason: 'r',
  size: 2048,
});
const pruned = {
  decisions: [decide('keep'), decide('delete'), decide('delete')],
  pending: [],
  complete: true,
};

describe('the summary of prune', () => {
  it('says what was deleted, or would be', () => {
    expect(summarisePruned(pruned, false)).toBe('Deleted 2 of 3 copies (4.0 KiB)');
    expect(summarisePruned(pruned, true)).toBe('Would delete 2 of 3 copies (4.0 KiB)');
  });

  it('does not say that copies were deleted where something failed', () => {
    expect(summarisePruned({ ...pruned, complete: false }, false)).toBe(
      'To be deleted were 2 of 3 copies (4.0 KiB); not all of it could be done, and the next run tries again',
    );
  });

  it('counts what interrupted runs have left, and what stays where nothing may be deleted', () => {
    const found = { ...pruned, decisions: [decide('leave'), decide('keep')], pending: ['/d/x'] };
    expect(summarisePruned(found, false)).toBe(
      'Deleted 0 of 2 copies (0 B) and 1 left by an interrupted run; 1 have expired and stay, as [retention] remote is off',
    );
  });
});
