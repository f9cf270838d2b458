import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { move, sweepCopies } from './move.ts';

let here: string;
let elsewhere: string;
beforeEach(() => {
  here = mkdtempSync('/tmp/twindb-move-');
  elsewhere = mkdtempSync('/dev/shm/twindb-move-');
});
afterEach(() => {
  for (const dir of [here, elsewhere]) rmSync(dir, { recursive: true, force: true });
});

const signal = new AbortController().signal;

const makeTree = (dir: string) => {
  mkdirSync(join(dir, 'shop'), { recursive: true });
  writeFileSync(join(dir, 'ibdata1'), Buffer.alloc(300_000, 'x'));
  writeFileSync(join(dir, 'shop/a.ibd'), 'rows');
  chmodSync(join(dir, 'shop/a.ibd'), 0o640);
  symlinkSync('ibdata1', join(dir, 'link'));
};

describe('a move to another file system', () => {
  it('leaves an equal tree there and nothing here', async () => {
    makeTree(join(here, 'data'));
    await move(join(here, 'data'), join(elsewhere, 'data'), signal);
    expect(readdirSync(here)).toEqual([]);
    expect(readdirSync(elsewhere)).toEqual(['data']);
    expect(readdirSync(join(elsewhere, 'data')).toSorted()).toEqual(['ibdata1', 'link', 'shop']);
    expect(readFileSync(join(elsewhere, 'data/shop/a.ibd'), 'utf8')).toBe('rows');
    expect(statSync(join(elsewhere, 'data/shop/a.ibd')).mode & 0o777).toBe(0o640);
    await move(join(here, 'data'), join(elsewhere, 'data'), signal);
  });

  it('that was ended while it removed the original removes the rest', async () => {
    makeTree(join(here, 'data'));
    makeTree(join(elsewhere, 'data'));
    rmSync(join(here, 'data/ibdata1'));
    await move(join(here, 'data'), join(elsewhere, 'data'), signal);
    expect(readdirSync(here)).toEqual([]);
    expect(existsSync(join(elsewhere, 'data/ibdata1'))).toBe(true);
  });

  it('removes nothing that is not equal there, and says what differs', async () => {
    makeTree(join(here, 'data'));
    makeTree(join(elsewhere, 'data'));
    writeFileSync(join(here, 'data/shop/a.ibd'), 'rowS');
    await expect(move(join(here, 'data'), join(elsewhere, 'data'), signal)).rejects.toThrow(
      /both are there, and .*a\.ibd has other bytes/,
    );
    writeFileSync(join(here, 'data/shop/b.ibd'), 'more');
    rmSync(join(here, 'data/shop/a.ibd'));
    await expect(move(join(here, 'data'), join(elsewhere, 'data'), signal)).rejects.toThrow(
      /b\.ibd is missing/,
    );
    expect(readFileSync(join(here, 'data/shop/b.ibd'), 'utf8')).toBe('more');
  });

  it('keeps the original of a copy that is not equal, with a cp of the test that spoils what it copies', async () => {
    makeTree(join(here, 'data'));
    const bin = join(here, 'bin');
    mkdirSync(bin);
    const spoil =
      'for to; do :; done; printf X | dd of="$to/ibdata1" bs=1 seek=200000 conv=notrunc status=none';
    writeFileSync(join(bin, 'cp'), `#!/bin/sh\n/bin/cp "$@" && { ${spoil}; }\n`, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    try {
      await expect(move(join(here, 'data'), join(elsewhere, 'data'), signal)).rejects.toThrow('Cannot copy ');
    } finally {
      process.env['PATH'] = path;
    }
    expect(readFileSync(join(here, 'data/ibdata1'), 'utf8')).toBe('x'.repeat(300_000));
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('leaves what was there, and nothing else, when it fails or is ended', async () => {
    makeTree(join(here, 'data'));
    await expect(
      move(join(here, 'data'), join(elsewhere, 'data'), AbortSignal.abort(new Error('ended'))),
    ).rejects.toThrow('ended');
    expect([readdirSync(here), readdirSync(elsewhere)]).toEqual([['data'], []]);
    const left = join(elsewhere, '.twindb-copying-of another');
    mkdirSync(left);
    await sweepCopies(elsewhere);
    expect(existsSync(left)).toBe(true);
  });
});

describe('a move within a file system', () => {
  it('is done once, and replaces nothing', async () => {
    makeTree(join(here, 'a'));
    await move(join(here, 'a'), join(here, 'b'), signal);
    await move(join(here, 'a'), join(here, 'b'), signal);
    makeTree(join(here, 'a'));
    await expect(move(join(here, 'a'), join(here, 'b'), signal)).rejects.toThrow(
      'both are there, and they are on one file system',
    );
    await expect(move(join(here, 'c'), join(here, 'd'), signal)).rejects.toThrow(
      /c is missing, and so is .*d/,
    );
  });
});
