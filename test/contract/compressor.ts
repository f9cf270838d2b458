import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CompressorName } from '../../src/compression/compressors.ts';
import { chooseCompressor } from '../../src/modifiers/choose-compressor.ts';
import { cut, runStage } from '../fixtures/run-stage.ts';
import { KIB, MIB } from './bytes.ts';

/** What an operator has at hand to read and write the format without us. */
interface StandardProgram {
  readonly command: string;
}

const CORES = 2;

/** Text that compresses, yet not to nothing. */
function makeText(size: number): Buffer {
  const words = Array.from({ length: 500 }, (_, index) => `word${(index * 7919) % 104_729} `);
  let text = '';
  for (let index = 0; text.length < size; index++) text += words[(index * index) % words.length];
  return Buffer.from(text.slice(0, size));
}

function runStandard({ command }: StandardProgram, args: readonly string[], input: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 64 * MIB });
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** Flips one bit. */
export function flipBit(bytes: Buffer, offset: number, bit: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[offset] = (damaged[offset] ?? 0) ^ (1 << bit);
  return damaged;
}

/** The promises of every compressor, shown with its real program. */
export function testCompressor(name: CompressorName, standard: StandardProgram): void {
  const choose = (options: { threads?: number; level?: number } = {}) =>
    chooseCompressor({ program: name, threads: options.threads, level: options.level }, CORES);
  const compress = async (input: Buffer | Iterable<Buffer>, options = {}) =>
    await runStage(await choose(options).apply(), input);
  const decompress = async (input: Buffer | Iterable<Buffer>) =>
    await runStage(await choose().invert(() => undefined), input);

  describe(`${name} is its own inverse`, () => {
    it.each([
      ['nothing', Buffer.alloc(0)],
      ['one byte', Buffer.from('x')],
      ['exactly 1 MiB', randomBytes(MIB)],
      ['one byte more than 1 MiB', randomBytes(MIB + 1)],
      ['20 MiB of random bytes', randomBytes(20 * MIB)],
      ['20 MiB of zeroes', Buffer.alloc(20 * MIB)],
    ])('on %s', async (_, input) => {
      expect((await decompress(await compress(input))).equals(input)).toBe(true);
    });

    it.each([1, 1021, 65_537, 3 * MIB + 1])('in pieces of %i bytes', async (size) => {
      const input = makeText(size === 1 ? 3000 : 3 * MIB + 17);
      const packed = await compress(cut(input, size));
      expect((await decompress(cut(packed, size))).equals(input)).toBe(true);
    });

    it.each([1, 2, 5])('with %i threads', async (threads) => {
      const input = randomBytes(3 * MIB + 3);
      expect((await decompress(await compress(input, { threads }))).equals(input)).toBe(true);
    });
  });

  describe(`${name} and ${standard.command}`, () => {
    const input = Buffer.concat([makeText(MIB), randomBytes(MIB)]);

    it(`${standard.command} reads what ${name} wrote`, async () => {
      const packed = await compress(input);
      expect(runStandard(standard, ['-dc'], packed).equals(input)).toBe(true);
      expect(runStandard(standard, ['-dc'], await compress(Buffer.alloc(0)))).toHaveLength(0);
    });

    it(`${name} reads what ${standard.command} wrote, also several of them in a row`, async () => {
      const packed = runStandard(standard, ['-c'], input);
      expect((await decompress(packed)).equals(input)).toBe(true);
      const twice = await decompress(Buffer.concat([packed, packed]));
      expect(twice.equals(Buffer.concat([input, input]))).toBe(true);
    });
  });

  describe(`${name} and damage`, () => {
    // In process, a block of gzip is 1 MiB: its output is to have two members. The programs are slower to start.
    const input = Buffer.concat([makeText(name === 'gzip' ? MIB + 100 : 60 * KIB), randomBytes(40 * KIB)]);

    it('a cut anywhere is an error', async () => {
      const packed = await compress(input);
      const middle = Math.floor(packed.length / 2);
      const ends = [0, 1, 2, 3, 9, 10, 11, middle, packed.length - 9, packed.length - 5, packed.length - 1];
      for (const end of ends) {
        await expect(decompress(packed.subarray(0, end)), `cut after ${end} bytes`).rejects.toThrow();
      }
    });

    it('a flipped bit is an error, or of no consequence', async () => {
      const packed = await compress(input);
      const offsets = [
        0,
        1,
        2,
        3,
        4,
        6,
        8,
        9,
        10,
        12,
        20,
        packed.length - 8,
        packed.length - 4,
        packed.length - 1,
      ];
      for (let step = 1; step < 20; step++) offsets.push(Math.floor((packed.length * step) / 20));
      const outcomes: string[] = [];
      for (const offset of offsets) {
        const damaged = flipBit(packed, offset, offset % 8);
        const outcome = await decompress(damaged).then(
          (output) => (output.equals(input) ? 'same' : `other bytes after a flip at ${offset}`),
          () => 'error',
        );
        outcomes.push(outcome);
      }
      expect(outcomes.filter((outcome) => outcome !== 'same' && outcome !== 'error')).toEqual([]);
      // In the middle lies data, every bit of which counts.
      expect(outcomes.slice(-19)).toEqual(Array(19).fill('error'));
    });
  });

  it(`${name} compresses harder at a higher level`, async () => {
    const input = makeText(MIB);
    const [low, high] = [await compress(input, { level: 1 }), await compress(input, { level: 9 })];
    expect(low.equals(high)).toBe(false);
    expect(high.length).toBeLessThanOrEqual(low.length);
  });
}
