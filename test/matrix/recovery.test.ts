import { describe, it } from 'vitest';
import { checkRecoveries } from '../integration/recovery-property.ts';

describe('a recovery of a real MySQL to a random target', () => {
  it('has the rows, users and routines of that moment', () => checkRecoveries(3), 900_000);
});
