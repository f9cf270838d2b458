import { describe, expect, it } from 'vitest';
import { hasReached } from './source-place.ts';

describe('a place in the logs of a source', () => {
  it.each([
    ['bin.000002', 4, 'bin.000001', 900, true],
    ['bin.000001', 900, 'bin.000002', 4, false],
    ['bin.000001', 899, 'bin.000001', 900, false],
    ['bin.000001', 900, 'bin.000001', 900, true],
    ['bin.1000000', 4, 'bin.999999', 900, true],
    ['', 0, 'bin.000001', 4, false],
  ])('%s %d is at or after %s %d: %s', (binlog, position, other, otherPosition, reached) => {
    expect(hasReached({ binlog, position }, { binlog: other, position: otherPosition })).toBe(reached);
  });
});
