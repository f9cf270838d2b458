import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IntegrityError } from '../errors.ts';
import { comparablePath, TarSelect } from './tar-select.ts';

const LONG = `${'d'.repeat(120)}/${'e'.repeat(120)}`;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-select-'));
  for (const name of ['a', 'a/inner', LONG, 'z']) mkdirSync(join(dir, 'tree', name), { recursive: true });
  for (const name of ['a/one', 'a/inner/two', `${LONG}/deep`, 'z/last'])
    writeFileSync(join(dir, 'tree', name), name);
  writeFileSync(join(dir, 'tree/holes'), 'begin');
  truncateSync(join(dir, 'tree/holes'), 10 << 20);
});
afterAll(() => rmSync(dir, { recursive: true }));

async function select(
  paths: readonly string[],
  options: readonly string[],
  chunkSize = 1000,
): Promise<Buffer> {
  const archive = execFileSync('tar', ['--create', '--file=-', ...options, '-C', dir, 'tree']);
  const chunks: Buffer[] = [];
  for (let at = 0; at < archive.length; at += chunkSize) chunks.push(archive.subarray(at, at + chunkSize));
  const isWanted = new TarSelect(({ path }) => paths.includes(comparablePath(path)));
  return await pipeline(Readable.from(chunks), isWanted, (stream) => buffer(stream as Readable));
}

const namesIn = (archive: Buffer) =>
  execFileSync('tar', ['-tf', '-'], { input: archive }).toString().trimEnd().split('\n');

describe('a part of an archive', () => {
  it.each(['--format=posix', '--format=gnu'])(
    'has the wanted members and the folders they are in, in %s',
    async (format) => {
      const options = [format, '--sparse', '--sort=name'];
      expect(namesIn(await select(['tree/a/inner/two', 'tree/z/last'], options))).toEqual([
        'tree/',
        'tree/a/',
        'tree/a/inner/',
        'tree/a/inner/two',
        'tree/z/',
        'tree/z/last',
      ]);
      const deep = await select([`tree/${LONG}/deep`, 'tree/holes'], options, 100_000);
      const out = join(dir, `out${format}`);
      mkdirSync(out);
      execFileSync('tar', ['-xf', '-', '-C', out], { input: deep });
      expect(readFileSync(join(out, 'tree', LONG, 'deep'), 'utf8')).toBe(`${LONG}/deep`);
      expect(readFileSync(join(out, 'tree/holes')).equals(readFileSync(join(dir, 'tree/holes')))).toBe(true);
      expect(statSync(join(out, 'tree')).mode).toBe(statSync(join(dir, 'tree')).mode);
    },
  );

  it('is an archive also when nothing is wanted', async () => {
    expect(namesIn(await select([], ['--format=posix', '--sparse']))).toEqual(['']);
  });

  it('compares a path of a million slashes at once', () => {
    const path = `a${'/'.repeat(1 << 20)}b`;
    expect(comparablePath(Buffer.from(`./${path}//`))).toBe(path);
    expect(['.', './', '/', './/a/'].map((each) => comparablePath(Buffer.from(each)))).toEqual([
      '',
      '',
      '',
      'a',
    ]);
  });

  it('is refused where the archive is damaged behind it', async () => {
    const archive = execFileSync('tar', ['--create', '--file=-', '-C', dir, 'tree/a', 'tree/z']);
    const cut = archive.subarray(0, archive.indexOf('tree/z/last'));
    const selecting = pipeline(Readable.from([cut]), new TarSelect(() => true), (stream) =>
      buffer(stream as Readable),
    );
    await expect(selecting).rejects.toBeInstanceOf(IntegrityError);
  });
});
