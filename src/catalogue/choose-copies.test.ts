import { describe, expect, it } from 'vitest';
import { parseKey } from '../copies/key.ts';
import type { Destination } from '../destinations/destination.ts';
import type { CopyFilter } from './choose-copies.ts';
import { chooseByKey, chooseCopies, prefixOf } from './choose-copies.ts';
import type { MarkedCopy } from './mark-listed.ts';

const NOW = new Date('2026-02-01T12:00:00Z');
const at = (time: string) => Date.parse(`2026-01-${time}Z`) / 1000;

function copy(key: string, time: string, more: Partial<MarkedCopy> = {}): MarkedCopy {
  const parsed = parseKey(key);
  if (parsed === undefined) throw new Error(`${key} is no key`);
  return {
    place: 'destination',
    // Nothing of it is asked for.
    destination: {} as Destination,
    object: { key, size: 1, modified: NOW },
    parsed,
    location: key,
    listed: true,
    attributes: {},
    times: { started: at(time), finished: at(time) + 3600 },
    ...more,
  };
}

const ofPath = (path: string, name: string, time: string, more: Partial<MarkedCopy> = {}) =>
  copy(`db1/daily/files/${name}`, time, { attributes: { source_path: path }, ...more });

const ETC = ofPath('/etc', '_etc-2026-01-10_00_00_00.tar.gz', '10T00:00');
const ETC_NEW = ofPath('/etc', '_etc-2026-01-20_00_00_00.tar.gz', '20T00:00');
const SRV = ofPath('/srv', '_srv-2026-01-05_00_00_00.tar.gz', '05T00:00');
const MYSQL = copy('db1/daily/mysql/mysql-2026-01-15_00_00_00.xbstream.gz', '15T00:00');
const OTHER = copy('db2/daily/mysql/mysql-2026-01-01_00_00_00.xbstream.gz', '01T00:00');
const LOG = copy('db1/binlog/mysql-bin.000001.gz', '16T00:00');
const all = [ETC, ETC_NEW, SRV, MYSQL, OTHER, LOG];

const choose = (filter: CopyFilter, copies: readonly MarkedCopy[] = all) =>
  chooseCopies(chooseByKey(copies, filter) as readonly MarkedCopy[], filter, NOW);

describe('copies are chosen', () => {
  it('by host, type and source', () => {
    expect(choose({})).toEqual(all);
    expect(choose({ hostname: 'db2' })).toEqual([OTHER]);
    expect(choose({ type: 'binlog' })).toEqual([LOG]);
    expect(choose({ source: '/etc' })).toEqual([ETC, ETC_NEW]);
    expect(choose({ source: 'mysql', hostname: 'db1' })).toEqual([MYSQL]);
    expect(choose({ source: 'binlog' })).toEqual([LOG]);
  });

  it('by their names where no status tells the directory', () => {
    const unlisted = copy('db1/daily/files/_etc_ssl-2026-01-10_00_00_00.tar.gz', '10T00:00', {
      listed: false,
      attributes: undefined,
    });
    expect(choose({ source: '/etc/ssl' }, [unlisted, ETC])).toEqual([unlisted]);
    expect(choose({ source: '/etc' }, [unlisted, ETC])).toEqual([ETC]);
  });

  it('by the time at which they were finished, as restore does', () => {
    const since = new Date('2026-01-10T01:00:00Z');
    expect(choose({ since, before: new Date('2026-01-15T01:00:00Z') })).toEqual([ETC, MYSQL]);
    expect(choose({ before: new Date('2026-01-10T00:59:59Z') })).toEqual([SRV, OTHER]);
  });

  it('as the newest of each host and source, in both places', () => {
    const kept = { ...ETC_NEW, place: 'local' as const };
    expect(choose({ latest: true }, [kept, ...all])).toEqual([kept, ETC_NEW, SRV, MYSQL, OTHER, LOG]);
    expect(choose({ latest: true, before: new Date('2026-01-12T00:00:00Z'), source: '/etc' })).toEqual([ETC]);
  });

  it('as the newest one that a status lists and that is not from the future, as latest is in a restore', () => {
    const times = { started: at('31T00:00') + 30 * 86_400, finished: at('31T00:00') + 30 * 86_400 };
    const future = ofPath('/etc', '_etc-2026-03-02_00_00_00.tar.gz', '31T00:00', { times });
    const unlisted = ofPath('/etc', '_etc-2026-01-31_00_00_00.tar.gz', '31T00:00', { listed: false });
    expect(choose({ latest: true }, [future, unlisted, ETC])).toEqual([ETC]);
    expect(choose({ latest: true }, [unlisted])).toEqual([unlisted]);
  });
});

it('only what may be wanted is listed', () => {
  expect(prefixOf({})).toBe('');
  expect(prefixOf({ type: 'binlog' })).toBe('');
  expect(prefixOf({ hostname: 'db1', type: 'mysql' })).toBe('db1/');
  expect(prefixOf({ hostname: 'db1', type: 'binlog' })).toBe('db1/binlog/');
});
