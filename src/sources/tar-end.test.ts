import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { IntegrityError } from '../errors.ts';
import { TarEndCheck } from './tar-end.ts';

const archive = execFileSync('tar', ['--create', '--file=-', 'package.json', 'README.md', 'LICENSE']);

function check(bytes: Buffer, chunkSize: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) chunks.push(bytes.subarray(at, at + chunkSize));
  return pipeline(Readable.from(chunks), new TarEndCheck(), (stream) => buffer(stream as Readable));
}

describe('the check of an archive for its end', () => {
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
});
