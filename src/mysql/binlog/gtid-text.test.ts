import { describe, expect, it } from 'vitest';
import { endsWithGtid, formatGtid, hasGtid, holdsGtid, nearestGtids, positionOfState } from './gtid-text.ts';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const OTHER = '00000000-0000-0000-0000-00000000000a';

describe('a GTID', () => {
  it('is written as its server does', () => {
    expect(formatGtid({ source: '0-1', sequence: 42n })).toBe('0-1-42');
    expect(formatGtid({ source: UUID, sequence: 42n })).toBe(`${UUID}:42`);
    expect(formatGtid({ source: `${UUID}:blue`, sequence: 42n })).toBe(`${UUID}:blue:42`);
  });

  it.each([
    ['0-9-4,0-7-6,2-9-1', '0-7-6', true],
    ['0-9-4,0-7-6,2-9-1', '0-9-5', false],
    ['0-9-4,0-7-6,2-9-1', '1-9-1', false],
    ['', '0-7-1', false],
    [`${UUID}:1-5:7`, `${UUID}:7`, true],
    [`${UUID}:1-5:7`, `${UUID}:6`, false],
    [`${OTHER}:77:79,\n${UUID.toUpperCase()}:1-4:nightly:1-2`, `${UUID}:nightly:2`, true],
    [`${UUID}:1-4:nightly:1-2`, `${UUID}:nightly:3`, false],
    [`${UUID}:1-4:nightly:6-9`, `${UUID}:7`, false],
  ])('in the state %j: %s is %s', (state, gtid, is) => {
    expect(hasGtid(state, gtid)).toBe(is);
  });

  it('of another server of the domain is held by data at a later position of it', () => {
    expect(holdsGtid('0-7-6,2-9-1', '0-9-4')).toBe(true);
    expect(holdsGtid('0-7-6,2-9-1', '0-9-7')).toBe(false);
    expect(holdsGtid('0-7-6', '2-9-1')).toBe(false);
    expect(holdsGtid(`${UUID}:1-5`, `${UUID}:5`)).toBe(true);
  });

  it('is the last one only where one source is all there is', () => {
    expect(endsWithGtid('0-7-6', '0-7-6')).toBe(true);
    expect(endsWithGtid('0-7-6', '0-7-5')).toBe(false);
    expect(endsWithGtid('0-7-6,2-9-1', '0-7-6')).toBe(false);
    expect(endsWithGtid(`${UUID}:1-3:5-9`, `${UUID}:9`)).toBe(true);
    expect(endsWithGtid(`${UUID}:1-9,${OTHER}:1`, `${UUID}:9`)).toBe(false);
  });

  it('that is nowhere has neighbours of its source', () => {
    expect(nearestGtids(['', '0-1-60', '0-1-20', '1-1-500'], '0-1-4711')).toEqual({
      below: '0-1-60',
      above: undefined,
    });
    expect(nearestGtids([`${UUID}:1-5:9-12`, `${OTHER}:7`], `${UUID}:7`)).toEqual({
      below: `${UUID}:5`,
      above: `${UUID}:9`,
    });
    expect(nearestGtids(['0-1-60'], '7-7-7')).toBeUndefined();
  });
});

it('the position of a state of MariaDB is the last one of each domain; a set of MySQL is one', () => {
  expect(positionOfState('0-9-4,0-7-6,2-9-1')).toBe('0-7-6,2-9-1');
  expect(positionOfState(`${UUID}:1-5`)).toBe(`${UUID}:1-5`);
  expect(positionOfState('')).toBe('');
});
