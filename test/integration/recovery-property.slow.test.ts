import { describe, it } from 'vitest';
import { checkRecoveries } from './recovery-property.ts';

describe('a recovery to a random target', () => {
  it('has the rows, users and routines of that moment, thirty times', () => checkRecoveries(30), 3_600_000);
});
