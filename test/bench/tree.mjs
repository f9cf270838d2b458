// The files that are backed up, and the bytes they are made of: the same ones at every call.
import { createCipheriv } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';

const KIB = 1024;
const MIB = KIB * KIB;

/** A xorshift generator (Marsaglia 2003): numbers from 0 to 2^32 - 1, always the same ones. */
let state = 20190101;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** From 0 to 1, evenly. */
const even = () => random() / 2 ** 32;

// Some words are frequent and most are rare, as in prose and logs.
const WORDS = Array.from({ length: 4096 }, () => {
  const letters = Array.from({ length: 2 + (random() % 9) }, () => 97 + (random() % 26));
  return Buffer.from([...letters, random() % 12 === 0 ? 10 : 32]);
});
const FREQUENCY = Array.from({ length: 1 << 16 }, () => Math.floor(4096 ** even()) - 1);

/** `size` bytes of words, as in prose and logs; they compress to about a third. */
export function text(size) {
  const bytes = Buffer.allocUnsafe(size);
  for (let filled = 0; filled < size; ) filled += WORDS[FREQUENCY[random() >>> 16]].copy(bytes, filled);
  return bytes;
}

const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 'bench'), Buffer.alloc(16));
/** `size` bytes that do not compress. */
export const noise = (size) => cipher.update(Buffer.alloc(size));

/** In pieces, so that a large file needs little memory. */
function writeLarge(path, size, make) {
  const file = openSync(path, 'w');
  for (let left = size; left > 0; left -= MIB) writeSync(file, make(Math.min(left, MIB)));
  closeSync(file);
}

/** A file of `size` bytes that does not compress. */
export function makeNoise(path, size) {
  writeLarge(path, size, noise);
}

/**
 * Fills the folder `dir` with about `total` bytes of files: one half are small ones of text (1 to 100 KiB, mostly
 * small), a quarter is two large ones of text, a quarter does not compress (half of it one file).
 */
export function makeTree(dir, total) {
  for (let written = 0, count = 0; written < total / 2; count++) {
    const folder = `${dir}/small/${Math.floor(count / 200)}`;
    if (count % 200 === 0) mkdirSync(folder, { recursive: true });
    const size = Math.floor(KIB + 99 * KIB * even() ** 2);
    writeFileSync(`${folder}/${count}.txt`, text(size));
    written += size;
  }
  mkdirSync(`${dir}/large`);
  for (const name of ['one.log', 'two.log']) writeLarge(`${dir}/large/${name}`, Math.floor(total / 8), text);
  mkdirSync(`${dir}/noise`);
  makeNoise(`${dir}/noise/large.bin`, Math.floor(total / 8));
  for (let i = 0; i < 32; i++) makeNoise(`${dir}/noise/${i}.bin`, Math.floor(total / 8 / 32));
}
