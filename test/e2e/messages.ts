import { expect } from 'vitest';
import type { Result } from './cli.ts';

/** What no message for an operator may hold: a stack trace, a value that was not meant to be printed, a library's noise. */
const NOISE = [
  /^ +at /m,
  /\[object/,
  /undefined/,
  /\bNaN\b/,
  /UnknownError/,
  /node:internal/,
  /\bE(?:NOENT|ACCES|PERM|ISDIR|NOTDIR|EXIST|NOSPC|ROFS|PIPE)\b|connect E/, // the system's own names
  /Unexpected token/,
  /\b(?:[A-Z][a-z]\w*)?Error(?::|$| at )/m, // the class of an error, such as TypeError; a server's own word for one is no end of a sentence
  /getaddrinfo/,
  /\.(?:ts|js):\d/,
];

interface Expected {
  readonly exitCode: number;
  /** How the message reads: operation, object and reason in this order. */
  readonly says: RegExp;
  /** What the operator is told to do. */
  readonly remedy?: RegExp;
  /** What may stand before the error, each a line that begins with WARNING. */
  readonly warnings?: number;
  readonly stdout?: string;
  /** Values that must not show. */
  readonly secrets?: readonly string[];
}

/** That a run failed as it should: the exit code, an empty stdout, and one readable message on stderr. */
export function expectOneMessage(result: Result, expected: Expected): void {
  const { stdout, stderr } = result;
  expect({ exitCode: result.exitCode, stdout }, stderr).toEqual({
    exitCode: expected.exitCode,
    stdout: expected.stdout ?? '',
  });
  expectReadable(result, expected.secrets);
  expect(stderr.match(/^ERROR: /gm), stderr).toHaveLength(1);
  expect(stderr.match(/^WARNING: /gm) ?? [], stderr).toHaveLength(expected.warnings ?? 0);
  const [, message = ''] = stderr.split(/^ERROR: /m);
  const [first = '', ...rest] = message.trimEnd().split('\n');
  expect(first).toMatch(expected.says);
  // A reason that is said twice makes the second half unread.
  const parts = first.split(': ').filter((part) => part.length > 8);
  expect(new Set(parts).size, `says something twice: ${first}`).toBe(parts.length);
  expect(first.length, first).toBeLessThan(500);
  if (expected.remedy) expect(rest.join('\n')).toMatch(expected.remedy);
}

/** That nothing on either stream is noise or a secret. */
export function expectReadable({ stdout, stderr }: Result, secrets: readonly string[] = []): void {
  for (const noise of NOISE) expect(stderr).not.toMatch(noise);
  for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
}
