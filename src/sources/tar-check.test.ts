import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { IntegrityError } from '../errors.ts';
import { TarCheck } from './tar-check.ts';

const archive = execFileSync('tar', ['--create', '--file=-', 'package.json', 'README.md', 'LICENSE']);

function check(bytes: Buffer, chunkSize: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) chunks.push(bytes.subarray(at, at + chunkSize));
  return pipeline(Readable.from(chunks), new TarCheck(), (stream) => buffer(stream as Readable));
}

describe('the check of an archive', () => {
  it.each([1, 7, 512, 1024, 4096, 1 << 20])(
    'passes a whole one on as it is, in chunks of %i',
    async (size) => {
      expect((await check(archive, size)).equals(archive)).toBe(true);
    },
  );

  it('refuses one that was cut between two members, which tar takes for whole', async () => {
    const second = archive.indexOf('README.md');
    const cut = archive.subarray(0, second - (second % 512));
    expect(execFileSync('tar', ['--list'], { input: cut }).toString()).toBe('package.json\n');
    await expect(check(cut, 4096)).rejects.toBeInstanceOf(IntegrityError);
  });

  it('refuses an empty stream', async () => {
    await expect(check(Buffer.alloc(0), 1)).rejects.toBeInstanceOf(IntegrityError);
  });

  it.each([1, 512, 4096])(
    'refuses what is no archive although it ends like one, in chunks of %i',
    async (size) => {
      const refused = expect(
        check(Buffer.concat([Buffer.alloc(512, 'x'), Buffer.alloc(1024)]), size),
      ).rejects;
      await refused.toThrow('the data are not a tar archive');
      await expect(check(Buffer.alloc(10_240), size)).rejects.toBeInstanceOf(IntegrityError);
    },
  );

  it('takes the archives of other tars as well: POSIX and GNU form', async () => {
    for (const format of ['gnu', 'posix', 'ustar']) {
      const made = execFileSync('tar', ['--create', '--file=-', `--format=${format}`, 'package.json']);
      expect((await check(made, 100)).equals(made)).toBe(true);
    }
  });
});
