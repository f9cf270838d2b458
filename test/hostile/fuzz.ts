import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect } from 'vitest';
import { firstErrorOf, TwinDbError } from '../../src/errors.ts';
import type { JobContext } from '../../src/jobs/job-context.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { giveLabKey } from '../fixtures/lab-key.ts';
import { runJob } from '../fixtures/run-in-process.ts';

/** A failure names its seed; this repeats it. */
const SEED = Number(process.env['TWINDB_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** A sample in `make test`, more in `make test-slow`. */
const SAMPLE = process.env['TWINDB_SLOW'] ? 40 : 1;

/** Checks a property of `runs` random inputs, or of many more in `make test-slow`. */
export async function fuzz<T>(
  runs: number,
  input: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
): Promise<void> {
  process.stdout.write(`TWINDB_SEED=${SEED}\n`);
  const start = performance.now();
  await fc.assert(fc.asyncProperty(input, property), {
    seed: SEED,
    numRuns: runs * SAMPLE,
    // Looking for a smaller input takes an hour.
    endOnFailure: SAMPLE === 1,
  });
  process.stdout.write(`${runs * SAMPLE} inputs in ${Math.round(performance.now() - start)} ms\n`);
}

/** Pieces that mean something to those who read them. */
const TEXTS = [
  '../',
  '../../canary',
  '/',
  '\0',
  '\n',
  '-',
  '.',
  '"',
  '{',
  '[',
  ':',
  '9'.repeat(20),
  '-1',
  '\u001b[2J',
];

/** One change of some bytes; places are parts of the whole, so that it fits any length. */
const change = fc.record({
  kind: fc.constantFrom('set', 'insert', 'cut', 'repeat', 'end'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 600 }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(...TEXTS).map((text) => Buffer.from(text)),
  ),
});

/** `base` with some changes. */
export function mutated(base: Buffer): fc.Arbitrary<Buffer> {
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) =>
    changes.reduce((bytes, { kind, at, length, bytes: piece }) => {
      const start = Math.floor(at * bytes.length);
      const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)];
      switch (kind) {
        case 'set':
          return Buffer.concat([before, piece, after.subarray(piece.length)]);
        case 'insert':
          return Buffer.concat([before, piece, after]);
        case 'cut':
          return Buffer.concat([before, after.subarray(length)]);
        case 'repeat':
          return Buffer.concat([before, after.subarray(0, length), after]);
        case 'end':
          return before;
      }
    }, base),
  );
}

/** What the engine says of a mistake in a program, which may have become a warning. */
const CRASH =
  /Cannot read prop|is not (a function|iterable|defined)|Invalid (time|array|string|count)|call stack|undefined|\bNaN\b|URI malformed/;

/** That what a job took for damage is an error of ours. */
export function expectTyped(error: unknown): void {
  const first = firstErrorOf(error);
  expect(first instanceof TwinDbError, first instanceof Error ? first.stack : String(first)).toBe(true);
}

/** A repository that others may write to, a folder to restore to, and surroundings that nothing may change. */
export interface Prey extends Disposable {
  readonly sandbox: Sandbox;
  readonly dst: string;
  /** Empties the repository and what was restored. */
  reset(): void;
  plant(key: string, content: string | Buffer): void;
  /**
   * Runs a job in this process. Whatever it does, it may end with an error of ours only, and change nothing but `dst` and, when
   * `changes` says so, the repository.
   */
  run(job: (context: JobContext) => Promise<unknown>, changes?: 'repository'): Promise<void>;
}

export function makePrey(): Prey {
  const sandbox = createSandbox();
  configureLocal(sandbox, [join(sandbox.dir, 'data')]);
  giveLabKey(sandbox);
  sandbox.file('data/file', 'content');
  sandbox.file('canary', 'untouched');
  sandbox.file('a/canary', 'untouched');
  const [dst, repository] = [join(sandbox.dir, 'a/b/restored'), join(sandbox.dir, 'repository')];
  mkdirSync(dirname(dst), { recursive: true });
  // The folder of the sandbox itself is in the listing of those around it.
  const around = (changes?: 'repository') =>
    digestTree(
      sandbox.dir,
      changes === undefined ? [dst] : [dst, repository, join(sandbox.dir, 'measures.log')],
    );
  return {
    sandbox,
    dst,
    reset() {
      for (const folder of [dst, repository]) rmSync(folder, { recursive: true, force: true });
      mkdirSync(repository);
    },
    plant(key, content) {
      const file = join(repository, key);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    async run(job, changes) {
      const before = around(changes);
      let said: readonly string[] = [];
      try {
        said = (await runJob(sandbox, { host: 'db1' }, job)).complaints;
      } catch (error) {
        expectTyped(error);
      }
      for (const complaint of said) expect(complaint).not.toMatch(CRASH);
      expect(around(changes)).toEqual(before);
    },
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

/** What is below a folder: kind, mode, owner and content of each name. */
function digestTree(path: string, without: readonly string[]): string[] {
  if (without.includes(path)) return [];
  const stats = lstatSync(path);
  const about = `${path} ${stats.mode.toString(8)} ${stats.uid} ${stats.nlink}`;
  if (stats.isSymbolicLink()) return [`${about} -> ${readlinkSync(path)}`];
  if (stats.isFile()) return [`${about} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`];
  if (!stats.isDirectory()) return [about];
  // The links of a folder count the folders in it, of which some may come and go.
  const folder = `${path} ${stats.mode.toString(8)} ${stats.uid}`;
  return [
    folder,
    ...readdirSync(path)
      .toSorted()
      .flatMap((name) => digestTree(join(path, name), without)),
  ];
}
