import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimName } from './claim-name.ts';

/** What `link` of the fake file system answers; undefined: the real one is asked. */
let answer: ((from: string, to: string) => Promise<void>) | undefined;
/** What goes wrong when a file is renamed. */
let renaming: Error | undefined;

// Stands in for file systems without links (FAT, FUSE, some mounts of Windows shares) and for NFS whose answer got lost.
vi.mock('node:fs/promises', async (importActual) => {
  const actual = await importActual<typeof import('node:fs/promises')>();
  return {
    ...actual,
    link: (from: string, to: string) => (answer ?? actual.link)(from, to),
    rename: async (from: string, to: string) => {
      if (renaming) throw renaming;
      await actual.rename(from, to);
    },
  };
});

const failure = (code: string) => Object.assign(new Error(`${code}: it is so`), { code });

let dir: string;
let from: string;
let to: string;
beforeEach(async () => {
  dir = await fs.mkdtemp(join(tmpdir(), 'claim-name-'));
  [from, to] = [join(dir, 'partial'), join(dir, 'copy')];
  await fs.writeFile(from, 'ours');
  answer = undefined;
  renaming = undefined;
});
afterEach(() => fs.rm(dir, { recursive: true }));

const names = async () => (await fs.readdir(dir)).toSorted();

const NO_LINKS = ['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK', 'EXDEV', 'EACCES'];

describe.each([undefined, ...NO_LINKS])('on a file system that answers to links: %s', (code) => {
  beforeEach(() => {
    answer = code === undefined ? undefined : () => Promise.reject(failure(code));
  });

  it('a free name is claimed', async () => {
    expect(await claimName(from, to)).toBe(true);
    expect(await names()).toEqual(['copy']);
    expect(await fs.readFile(to, 'utf8')).toBe('ours');
  });

  it('a taken one is not, and both files stay', async () => {
    await fs.writeFile(to, 'of another run');
    expect(await claimName(from, to)).toBe(false);
    expect(await names()).toEqual(['copy', 'partial']);
    expect(await fs.readFile(to, 'utf8')).toBe('of another run');
  });

  it('only one of many at once has it', async () => {
    const partials = Array.from({ length: 10 }, (_unused, number) => join(dir, String(number)));
    await Promise.all(partials.map((partial) => fs.writeFile(partial, partial)));
    const won = await Promise.all(partials.map((partial) => claimName(partial, to)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await fs.readFile(to, 'utf8')).toBe(partials[won.indexOf(true)]);
  });
});

it('a name is ours when the answer to the link was lost, and the second try is refused', async () => {
  const { link } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
  answer = async (...paths) => {
    await link(...paths);
    throw failure('EEXIST');
  };
  expect(await claimName(from, to)).toBe(true);
  expect(await names()).toEqual(['copy']);
});

it('nothing holds the name when the complete file cannot get it', async () => {
  answer = () => Promise.reject(failure('EPERM'));
  renaming = failure('EIO');
  await expect(claimName(from, to)).rejects.toThrow('EIO');
  expect(await names()).toEqual(['partial']);
});

it('what else a link fails with is the error, such as a full disk', async () => {
  answer = () => Promise.reject(failure('ENOSPC'));
  await expect(claimName(from, to)).rejects.toThrow('ENOSPC');
  expect(await names()).toEqual(['partial']);
});
