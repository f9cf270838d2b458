import { describe, expect, it } from 'vitest';
import type { TarMember } from '../../sources/tar-header.ts';
import { PathSelection } from './path-selection.ts';

const member = (path: string, type: TarMember['type'] = '-', target?: string): TarMember => ({
  path: Buffer.from(path),
  type,
  target: target === undefined ? undefined : Buffer.from(target),
  mode: 0o644,
  uid: 0,
  gid: 0,
  owner: 'root',
  group: 'root',
  size: 0,
  modified: 0,
});

const ARCHIVE = [
  member('etc/', 'd'),
  member('etc/hosts'),
  member('etc/hostname'),
  member('etc/nginx/', 'd'),
  member('etc/nginx/nginx.conf'),
  member('etc/nginx/sites/', 'd'),
  member('etc/nginx/sites/a.conf'),
  member('etc/x.conf'),
  member('etc/[odd]'),
];

interface Selecting {
  readonly isGlob: boolean;
  readonly archive: readonly TarMember[];
  readonly source: string;
}

function select(
  paths: readonly string[],
  { isGlob = false, archive = ARCHIVE, source = '/etc' }: Partial<Selecting> = {},
) {
  const selection = new PathSelection({ paths, isGlob }, source);
  const selected = archive.filter((each) => selection.isWanted(each)).map(({ path }) => path.toString());
  return { selection, selected };
}

describe('paths to take out of a copy', () => {
  it('says of a pattern that means nothing that it is none', () => {
    expect(() => select(['[z-a]*'], { isGlob: true })).toThrow('[z-a]* is no pattern; nothing is restored');
  });

  it.each([
    [['/etc/hosts'], ['etc/hosts']],
    [['hosts'], ['etc/hosts']],
    [
      ['./hosts', '/etc//hostname'],
      ['etc/hosts', 'etc/hostname'],
    ],
    [['nginx/'], ['etc/nginx/', 'etc/nginx/nginx.conf', 'etc/nginx/sites/', 'etc/nginx/sites/a.conf']],
    [['/etc/nginx/sites'], ['etc/nginx/sites/', 'etc/nginx/sites/a.conf']],
    [['[odd]'], ['etc/[odd]']],
    [['/etc'], ARCHIVE.map(({ path }) => path.toString())],
    [['.'], ARCHIVE.map(({ path }) => path.toString())],
    [['/'], ARCHIVE.map(({ path }) => path.toString())],
  ])('%j', (paths, expected) => {
    const { selection, selected } = select(paths);
    expect(selected).toEqual(expected);
    expect(() => selection.requireAll('COPY')).not.toThrow();
  });

  it.each([
    [['*.conf'], ['etc/x.conf']],
    [['**/*.conf'], ['etc/nginx/nginx.conf', 'etc/nginx/sites/a.conf', 'etc/x.conf']],
    [['/etc/host?'], ['etc/hosts']],
    [['/etc/host*'], ['etc/hosts', 'etc/hostname']],
    [['ngin[wxy]/sites'], ['etc/nginx/sites/', 'etc/nginx/sites/a.conf']],
    [['x.con[!a-e]'], ['etc/x.conf']],
    [['/etc/**'], ARCHIVE.slice(1).map(({ path }) => path.toString())],
  ])('patterns %j', (paths, expected) => {
    expect(select(paths, { isGlob: true }).selected).toEqual(expected);
  });

  it('are relative to the first member where no status says the directory', () => {
    const selection = new PathSelection({ paths: ['hosts'], isGlob: false }, undefined);
    const selected = ARCHIVE.filter((each) => selection.isWanted(each));
    expect(selected.map(({ path }) => path.toString())).toEqual(['etc/hosts']);
  });

  it('may be of a copy of /', () => {
    const archive = [member('./', 'd'), member('etc/', 'd'), member('./etc/hosts')];
    for (const path of ['/etc/hosts', 'etc/hosts'])
      expect(select([path], { archive, source: '/' }).selected).toEqual(['./etc/hosts']);
  });

  it.each([
    [['/etc/hots'], '/etc/hosts'],
    [['nginx.conf'], '/etc/nginx/nginx.conf'],
    [['/a.conf'], '/etc/nginx/sites/a.conf'],
  ])('that are not there, %j, are an error with what comes near', (paths, near) => {
    const { selection } = select([...paths, '/etc/hostname']);
    expect(() => selection.requireAll('COPY')).toThrow(`COPY does not have ${paths[0]}; nothing is restored`);
    try {
      selection.requireAll('COPY');
    } catch (error) {
      expect((error as { remedy: string }).remedy).toContain(near);
    }
  });

  it('of a hard link whose contents are not wanted are noted', () => {
    const archive = [member('etc/', 'd'), member('etc/a'), member('etc/b', 'h', 'etc/a')];
    const { selection, selected } = select(['/etc/b'], { archive });
    expect([selected, [...selection.links]]).toEqual([[], [['etc/b', 'etc/a']]]);
    expect(() => selection.requireAll('COPY')).not.toThrow();
    const both = select(['a', 'b'], { archive });
    expect([both.selected, both.selection.links.size]).toEqual([['etc/a', 'etc/b'], 0]);
  });
});
