import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeArchive, paxHeader } from '../../test/fixtures/archive.ts';
import { IntegrityError } from '../errors.ts';
import type { TarMember } from './tar-header.ts';
import { TarWalker } from './tar-walker.ts';

const BLOCK = 512;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-tar-'));
  const tree = join(dir, 'tree');
  mkdirSync(join(tree, 'folder', 'd'.repeat(120), 'e'.repeat(120)), { recursive: true });
  writeFileSync(join(tree, 'folder', 'd'.repeat(120), 'e'.repeat(120), 'deep'), 'deep');
  writeFileSync(join(tree, 'empty'), '');
  writeFileSync(join(tree, 'block'), Buffer.alloc(BLOCK, 'x'));
  writeFileSync(join(tree, 'file'), 'content', { mode: 0o640 });
  writeFileSync(Buffer.concat([Buffer.from(join(tree, 'not-utf8-')), Buffer.from([0xff, 0xfe])]), 'x');
  writeFileSync(join(tree, 'new\nline'), 'x');
  linkSync(join(tree, 'file'), join(tree, 'hard'));
  symlinkSync('t'.repeat(200), join(tree, 'long-link'));
  symlinkSync('file', join(tree, 'link'));
  execFileSync('mkfifo', [join(tree, 'fifo')]);
  // More pieces than fit into the header of one, and into one block more.
  const holes = join(tree, 'holes');
  writeFileSync(holes, '');
  truncateSync(holes, 8 << 20);
  for (let piece = 0; piece < 40; piece += 1) {
    execFileSync('dd', [`of=${holes}`, 'bs=4096', 'conv=notrunc', 'status=none', `seek=${piece * 10}`], {
      input: 'x',
    });
  }
});
afterAll(() => rmSync(dir, { recursive: true }));

function archiveOf(...options: string[]): Buffer {
  return execFileSync('tar', ['--create', '--file=-', ...options, '-C', dir, 'tree'], {
    maxBuffer: 64 << 20,
  });
}

function walk(archive: Buffer, chunkSize = 100_000): { walker: TarWalker; members: TarMember[] } {
  const members: TarMember[] = [];
  const walker = new TarWalker({ member: (member) => members.push(member) });
  for (let at = 0; at < archive.length; at += chunkSize) walker.take(archive.subarray(at, at + chunkSize));
  walker.finish();
  return { walker, members };
}

/** One line of `tar -tv` each, in the order of the archive. */
const listed = (archive: Buffer): string[] =>
  execFileSync(
    'tar',
    ['-tv', '--numeric-owner', '--full-time', '--utc', '--quoting-style=escape', '--file=-'],
    { input: archive },
  )
    .toString()
    .trimEnd()
    .split('\n');

function lineOf({ type, mode, uid, gid, size, modified }: TarMember): RegExp {
  const bits = 'rwxrwxrwx'.split('').map((bit, at) => (mode & (0o400 >> at) ? bit : '-'));
  const time = new Date(modified * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return new RegExp(`^${type}${bits.join('')} +${uid}/${gid} +${type === '-' ? size : '\\d+'} ${time}`);
}

describe('a walk through an archive', () => {
  it.each([
    '--format=gnu',
    '--format=gnu --sparse',
    '--format=oldgnu --sparse',
    '--format=posix',
    '--format=posix --sparse --xattrs --acls',
    '--format=posix --sparse --sparse-version=0.0',
    '--format=posix --sparse --sparse-version=0.1',
    '--format=ustar --exclude=long-link --exclude=folder',
    '--format=v7 --exclude=long-link --exclude=folder --exclude=fifo',
    '--format=posix --owner=:4000000000 --group=:3000000',
    '--format=gnu --owner=:4000000000 --mtime=1960-01-01',
    '--format=gnu --incremental',
    '--format=gnu --label=label',
  ])('sees what tar sees: %s', (options) => {
    const archive = archiveOf(...options.split(' '));
    const { walker, members } = walk(archive);
    const lines = listed(archive).filter((line) => !line.startsWith('V'));
    const seen = members.filter(({ type }) => type !== '?');
    expect(walker.size).toBe(archive.length);
    expect(seen).toHaveLength(lines.length);
    for (const [index, member] of seen.entries()) expect(lines[index]).toMatch(lineOf(member));
    const names = execFileSync('tar', ['-t', '--null', '--quoting-style=literal', '--file=-'], {
      input: archive,
    });
    const label = options.includes('--label') ? ['label\n'] : [];
    const expected = members
      .filter(({ type }) => type !== '?')
      .map(({ path }) => `${path.toString('latin1')}\n`);
    expect([...label, ...expected].join('')).toBe(names.toString('latin1'));
  });

  it.each([1, 511, 512, 513])('does not depend on how it comes, as in chunks of %i', (size) => {
    const archive = archiveOf('--format=posix', '--sparse', '--xattrs');
    expect(walk(archive, size).members).toEqual(walk(archive).members);
  });

  it('tells what links point to', () => {
    const { members } = walk(archiveOf('--format=posix'));
    const target = (name: string) =>
      members.find(({ path }) => path.toString() === `tree/${name}`)?.target?.toString();
    expect([target('long-link'), target('link')]).toEqual(['t'.repeat(200), 'file']);
    const hard = members.find(({ type }) => type === 'h');
    expect(['tree/file', 'tree/hard']).toContain(hard?.target?.toString());
  });

  const archive = makeArchive([{ name: 'one', content: 'x'.repeat(1000) }, { name: 'two' }]);
  it.each([
    ['cut within a header', archive.subarray(0, 4 * BLOCK - 100), 'cut short'],
    ['cut within contents', archive.subarray(0, 2 * BLOCK), 'cut short'],
    ['cut between two members', archive.subarray(0, 3 * BLOCK), 'cut short'],
    ['without the last block', archive.subarray(0, -BLOCK), 'cut short'],
    ['with something behind its end', Buffer.concat([archive, Buffer.from('x')]), 'followed by other data'],
    ['followed by another one', Buffer.concat([archive, archive]), 'followed by other data'],
    ['with a block of zeros in it', Buffer.concat([archive.subarray(0, -BLOCK), archive]), 'at byte 2560: '],
    ['that is empty', Buffer.alloc(0), 'there are no data'],
    ['that is none', Buffer.alloc(4096, 'x'), 'not a tar archive'],
    ['of zeros', Buffer.alloc(10_240), 'not a tar archive'],
  ])('refuses one %s', (_, bytes, reason) => {
    expect(() => walk(bytes)).toThrow(IntegrityError);
    expect(() => walk(bytes)).toThrow(reason);
  });

  it.each([
    ['a changed byte of a header', { at: 3 * BLOCK + 1, value: 'X' }, 'at byte 1536: the checksum'],
    ['a changed length', { at: 124 + 3 * BLOCK, value: '00000000777' }, 'at byte 1536: the checksum'],
  ])('refuses one with %s', (_, { at, value }, reason) => {
    const changed = Buffer.from(archive);
    changed.write(value, at);
    expect(() => walk(changed)).toThrow(reason);
  });

  it('does not take what a hostile one says it has into memory', () => {
    const endless = makeArchive([{ name: 'pax', type: 'pax', content: 'x'.repeat(100) }]);
    endless.write('00777777777', 124);
    endless.fill(' ', 148, 156);
    const sum = endless.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
    endless.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(() => walk(endless)).toThrow('a length in a header cannot be');
  });

  it('does not take many headers in front of one member into memory', () => {
    const pax = paxHeader({ comment: 'x'.repeat(1 << 20) });
    const many = makeArchive([...Array.from({ length: 20 }, () => pax), { name: 'x' }]);
    expect(() => walk(many)).toThrow('a length in a header cannot be');
  });

  it('refuses a size with a fraction, whose end would never come', () => {
    const fraction = makeArchive([paxHeader({ size: '12.5' }), { name: 'x', content: 'x'.repeat(13) }]);
    expect(() => walk(fraction)).toThrow('a length in a header cannot be');
  });

  it('refuses a pax header that is none, and takes the size in one', () => {
    const broken = makeArchive([{ name: 'pax', type: 'pax', content: '99 size=1\n' }, { name: 'x' }]);
    expect(() => walk(broken)).toThrow('a pax header is damaged');
    const large = makeArchive([paxHeader({ size: '5' }), { name: 'x', content: 'large' }]);
    expect(walk(large).members[0]?.size).toBe(5);
  });
});
