import { expect, it } from 'vitest';
import { describeError, ProcessError, TwinDbError } from './errors.ts';
import { asOneLine, escapeInLines } from './foreign-text.ts';

const EVIL = 'x\nERROR: forged\r\u001b[2J\u0085\u2028\u202ey';
const SHOWN = 'x\\nERROR: forged\\r\\u001b[2J\\u0085\\u2028\\u202ey';

it('is one line, whatever it holds, and ends after some thousand characters', () => {
  expect(asOneLine(EVIL)).toBe(SHOWN);
  expect(asOneLine('a library ends its message so\n')).toBe('a library ends its message so');
  expect(asOneLine('Größe 日本 👍')).toBe('Größe 日本 👍');
  expect(asOneLine('x'.repeat(1_000_000)).length).toBe(4001);
});

it('leaves the lines of a finished message, and nothing else that steers a terminal', () => {
  expect(escapeInLines('one\n\ttwo\u001b[1m\u2029')).toBe('one\n\ttwo\\u001b[1m\\u2029');
});

it('begins no line of an error, wherever it stands in it', () => {
  const stderr = [`tar: ${EVIL}`];
  const program = new ProcessError(`tar said ${EVIL}`, { exitCode: 2, signal: null, stderr });
  const error = new TwinDbError(`Cannot read ${EVIL}`, { cause: program, remedy: `Remove ${EVIL}` });
  expect(describeError(error)).toBe(
    `Cannot read ${SHOWN}: tar said ${SHOWN}\n  tar: ${SHOWN}\nRemove ${SHOWN}`,
  );
  expect(describeError(new Error(EVIL))).toBe(SHOWN);
  expect(describeError(EVIL)).toBe(SHOWN);
});

it('leaves the lines of a message of ours that says that it has some', () => {
  expect(describeError(new TwinDbError('One of:\n  a\n  b', { hasLines: true, remedy: 'Choose.' }))).toBe(
    'One of:\n  a\n  b\nChoose.',
  );
});
