import { describe, expect, it } from 'vitest';
import { simulatePlace } from '../../../test/fixtures/simulated-places.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { CopyPlace } from '../record/record-copy.ts';
import { findContinuing, findObstacles, type Linked } from './obstacles.ts';

const lifetime = { steps: Number.POSITIVE_INFINITY };
const remote = simulatePlace('remote', lifetime, 'destination');
const local = simulatePlace('local', lifetime, 'local');

/** A MySQL copy `NAME` in a place, and the one that it continues. */
function copyIn(place: CopyPlace, name: string, parent?: string, more: Partial<Linked> = {}): Linked {
  const isRemote = place.role === 'destination';
  const keyOf = (each: string) => `db1/daily/mysql/${each}${isRemote ? '.gpg' : ''}`;
  const type = parent === undefined ? 'full' : 'incremental';
  return {
    place,
    key: keyOf(name),
    identity: keepLocalKey(keyOf(name)),
    attributes: { type, parent: parent === undefined ? null : keyOf(parent) },
    pin: undefined,
    location: `${place.role}:${name}`,
    ...more,
  };
}

const [fullThere, fullHere] = [copyIn(remote, 'full'), copyIn(local, 'full')];
const [hourThere, hourHere] = [copyIn(remote, 'hour', 'full'), copyIn(local, 'hour', 'full')];
const other = copyIn(remote, 'other');

const locations = (copies: readonly Linked[]) => copies.map(({ location }) => location);

describe('the copies that continue a full one', () => {
  it('are those in both places, as local ones may have it at the destination only', () => {
    const all = [fullThere, hourThere, hourHere, other];
    expect(locations(findContinuing([fullThere], all))).toEqual(['destination:hour', 'local:hour']);
    expect(locations(findContinuing([fullThere, hourThere], all))).toEqual(['local:hour']);
    expect(findContinuing([other], all)).toEqual([]);
  });

  it('are only those in keep_local_path where it goes from there', () => {
    expect(locations(findContinuing([fullHere], [fullThere, fullHere, hourThere, hourHere]))).toEqual([
      'local:hour',
    ]);
  });

  it('are those of a chain too, and one that goes round ends', () => {
    const [second, third] = [copyIn(remote, 'second', 'hour'), copyIn(remote, 'third', 'second')];
    expect(locations(findContinuing([fullThere], [third, second, hourThere]))).toEqual([
      'destination:hour',
      'destination:second',
      'destination:third',
    ]);
    const round = copyIn(remote, 'round', 'round');
    expect(findContinuing([fullThere], [round])).toEqual([]);
  });

  it('are those whose entry retention does not understand too', () => {
    const odd = copyIn(remote, 'odd', 'full', { attributes: { parent: fullThere.key } });
    expect(findContinuing([fullThere], [odd])).toEqual([odd]);
    expect(findContinuing([fullThere], [{ ...odd, attributes: undefined }])).toEqual([]);
  });
});

describe('a deletion', () => {
  it('has nothing against it where a chain goes as a whole', () => {
    expect(findObstacles([fullThere, hourThere], [fullThere, hourThere, other])).toEqual([]);
    expect(findObstacles([hourThere], [fullThere, hourThere])).toEqual([]);
  });

  it('is refused for what continues it and for pins, whose reasons are quoted', () => {
    const pin = { at: 1, reason: 'a\nb' };
    expect(findObstacles([{ ...fullThere, pin }], [fullThere, hourThere])).toEqual([
      "destination:full is pinned ($'a\\nb'): twindb-backup unpin takes that back",
      'destination:hour continues db1/daily/mysql/full.gpg: name it too, or give --with-incrementals',
    ]);
  });
});
