import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ProcessError } from '../errors.ts';
import { ProgramStream } from '../process/program-stream.ts';
import { type Receiver, receiverScript, requireReceived } from './receive.ts';

const STREAM = 'the stream';
const sent = { size: STREAM.length, sha256: createHash('sha256').update(STREAM).digest('hex') };
const SWALLOW = ['sh', '-c', 'cat >/dev/null'];

/** What the script, run by the shell of this machine, prints when it gets the stream. */
async function receive(receiver: Receiver): Promise<string> {
  const program = { command: 'sh', args: ['-c', receiverScript(receiver)], debianPackage: 'dash' };
  const stream = new ProgramStream([program], { readable: true, writable: true });
  Readable.from([STREAM]).pipe(stream);
  return await text(stream);
}

async function check(receiver: Receiver, digest: typeof sent | undefined = sent): Promise<void> {
  const stdout = await receive(receiver);
  requireReceived({ stdout, exitCode: 0, signal: null, stderr: ['last words'] }, receiver, digest, 'db2');
}

describe('what the other host has received', () => {
  it('counts when every program there has succeeded and the digest is that of what was sent', async () => {
    await check({ listen: undefined, decompress: ['cat'], extract: SWALLOW });
  });

  it.each([
    [
      'the unpacker',
      { decompress: undefined, extract: ['sh', '-c', 'cat >/dev/null; exit 3'] },
      'sh on db2 failed with exit code 3',
    ],
    [
      'the decompressor',
      { decompress: ['sh', '-c', 'cat; exit 4'], extract: SWALLOW },
      'sh on db2 failed with exit code 4',
    ],
    [
      'the unpacker, and all before it for want of a reader',
      { decompress: ['cat'], extract: ['false'] },
      'false on db2 failed with exit code 1',
    ],
    [
      'a program that is not there',
      { decompress: ['no-such-program'], extract: SWALLOW },
      'no-such-program on db2 failed with exit code 127',
    ],
  ])('is an error when %s fails', async (_who, stages, message) => {
    const failure = check({ listen: undefined, ...stages });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(ProcessError);
  });

  it('is an error when netcat fails, though the rest has read what there was', async () => {
    const receiver = { listen: ['sh', '-c', 'cat; exit 5'], decompress: undefined, extract: SWALLOW };
    await expect(check(receiver)).rejects.toThrow('sh on db2 failed with exit code 5');
  });

  it('is an error when it is something else than was sent, or the stream had not ended', async () => {
    const receiver = { listen: undefined, decompress: undefined, extract: SWALLOW };
    const other = { ...sent, sha256: '0'.repeat(64) };
    await expect(check(receiver, other)).rejects.toThrow('db2 has received something else than was sent');
    const stdout = await receive(receiver);
    const end = { stdout, exitCode: 0, signal: null, stderr: [] };
    expect(() => requireReceived(end, receiver, undefined, 'db2')).toThrow('ended before the stream did');
  });

  it('passes words with blanks, quotes and line ends on as they are', async () => {
    const words = ['a b', "it's", '$HOME', 'x\ny'];
    const extract = ['sh', '-c', 'cat >/dev/null; [ "$*" = "a b it\'s \\$HOME x\ny" ]', 'sh', ...words];
    await check({ listen: undefined, decompress: undefined, extract });
  });
});
