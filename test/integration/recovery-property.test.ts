import { describe, it } from 'vitest';
import { checkRecoveries } from './recovery-property.ts';

describe('a recovery to a random target', () => {
  it('has the rows, users and routines of that moment', () => checkRecoveries(3), 600_000);
});
