import { describe, expect, it } from 'vitest';
import { findWriters, refuseWorldWritable } from './writers.ts';

const TRUSTED = { uids: [0, 27], gids: [0, 27] };
const access = (mode: number, uid = 0, gid = 0) => findWriters({ mode, uid, gid }, TRUSTED);

describe('who may write', () => {
  it.each([
    [0o755, 0, 0],
    [0o775, 0, 0],
    [0o770, 27, 27],
    [0o755, 0, 100],
  ])('is nobody else with mode 0%o of user %i and group %i', (mode, uid, gid) => {
    expect(access(mode, uid, gid)).toBeUndefined();
  });

  it('is everyone, another owner, or another group, by the mode', () => {
    expect(access(0o757)).toBe('everyone may write to it');
    expect(access(0o700, 1000)).toBe('it belongs to the user with the ID 1000');
    expect(access(0o775, 0, 1000)).toBe('its group, 1000, may write to it');
  });

  it('being everyone is an error that says what to run', () => {
    expect(() => refuseWorldWritable('The SSH key', "/it's", 0o644)).not.toThrow();
    expect(() => refuseWorldWritable('The SSH key', '/k', 0o646)).toThrow(
      'The SSH key /k is not used: everyone may write to it',
    );
  });
});
