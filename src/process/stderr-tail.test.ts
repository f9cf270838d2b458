import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StderrTail } from './stderr-tail.ts';

const KIB = 1024;

describe('what is kept of stderr', () => {
  it('of a line without end is its beginning, so that a secret in it is known by its name', async () => {
    const stderr = new PassThrough();
    const tail = new StderrTail(stderr, { redact: (line) => line.replace(/key=.*/, 'key=…') });
    for (const text of ['key=', ...Array.from({ length: 20 }, () => 'geheim'.repeat(KIB))])
      stderr.write(text);
    stderr.end('\nthe next line\n');
    await tail.ended;
    expect(tail.lines).toEqual(['key=…', 'the next line']);
  });
});
