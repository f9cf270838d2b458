import { describe, expect, it } from 'vitest';
import { groupParts } from '../../catalogue/streamed-logs.ts';
import { ownerMark } from '../../copies/streamed-part.ts';
import { type DropPolicy, planDrops } from './plan-drops.ts';

const DAY = 24 * 3600;
const NOW = 100 * DAY;
const folder = 'h/binlog-stream/a.000001.1000';
const server = `${folder}/server-${ownerMark('us')}`;
const log = (names: readonly string[], age = 0) =>
  groupParts(
    'h',
    [server, ...names.map((name) => `${folder}/${name}`)].map((key) => ({
      key,
      size: 1,
      modified: new Date((NOW - age) * 1000),
    })),
  );
const copy = { binlog: 'a.000001', timeCreated: 1000, serverIdentity: 'us' };
const drop = (streamed: ReturnType<typeof log>, policy: Partial<DropPolicy>) =>
  planDrops(streamed, {
    sealed: [copy],
    serverIdentity: 'us',
    sizes: new Map(),
    expireLogDays: 7,
    now: NOW,
    ...policy,
  })
    .flatMap(({ keys }) => keys)
    .map((key) => key.replace(`${folder}/`, ''));

const all = ['0-10.gz', '10-20.gz'];
const marks = server.replace(`${folder}/`, '');

describe('the parts of a log', () => {
  it('go when the log is stored as a whole, from its end to its beginning, and last whose it is', () => {
    expect(drop(log(all), { sizes: new Map([['a.000001', 20]]) })).toEqual(['10-20.gz', '0-10.gz', marks]);
    // The server has purged it.
    expect(drop(log(all), {})).toEqual(['10-20.gz', '0-10.gz', marks]);
  });

  it('stay while it is not: of another time, another server, or none', () => {
    expect(drop(log(all), { sealed: [] })).toEqual([]);
    expect(drop(log(all), { sealed: [{ ...copy, timeCreated: 1001 }] })).toEqual([]);
    expect(drop(log(all), { sealed: [{ ...copy, serverIdentity: 'others' }] })).toEqual([]);
  });

  it('stay where the log as a whole has less, also when the server has purged it since', () => {
    expect(drop(log(all), { sizes: new Map([['a.000001', 10]]) })).toEqual(['0-10.gz']);
    expect(drop(log(['10-20.gz']), {})).toEqual([]);
  });

  it('go when they are older than logs are kept, of a server that is no more', () => {
    expect(drop(log(all, 8 * DAY), { sealed: [], serverIdentity: 'next' })).toEqual([marks, ...all]);
    expect(drop(log(all, 6 * DAY), { sealed: [], serverIdentity: 'next' })).toEqual([]);
  });

  it('stay while the server may be writing the log, or has it, for however long it was idle', () => {
    expect(drop(log(all, 8 * DAY), { sealed: [] })).toEqual([]);
    const later = groupParts('h', [
      { key: 'h/binlog-stream/a.000002.2000/0-5.gz', size: 1, modified: new Date(NOW * 1000) },
    ]);
    const both = [...log(all, 8 * DAY), ...later];
    expect(drop(both, { sealed: [], sizes: new Map([['a.000001', 20]]) })).toEqual([]);
    expect(drop(both, { sealed: [] })).toEqual([marks, ...all]);
  });
});
