import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ProcessError } from '../../errors.ts';
import { ProgramStream } from '../../process/program-stream.ts';
import { type Receiver, receiverScript, requireReceived, SECRET_LENGTH } from './receive.ts';

const STREAM = 'the stream';
const sent = { size: STREAM.length, sha256: createHash('sha256').update(STREAM).digest('hex') };
const SWALLOW = ['sh', '-c', 'cat >/dev/null'];

const SECRET = 'c0ffee01'.repeat(SECRET_LENGTH / 8);

/** What the script, run by the shell of this machine, prints when it gets the stream; a listener gets it by itself. */
async function receive(receiver: Receiver): Promise<string> {
  const program = { command: 'sh', args: ['-c', receiverScript(receiver, 1)], debianPackage: 'dash' };
  const stream = new ProgramStream([program], { readable: true, writable: true });
  Readable.from([receiver.listen === undefined ? STREAM : `${SECRET}\n`]).pipe(stream);
  return await text(stream);
}

/** Stands in for a netcat that has a connection, over which this comes. */
const hear = (words: string) => ['sh', '-c', words];

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
    const receiver = {
      listen: hear(`printf '${SECRET}${STREAM}'; exit 5`),
      decompress: undefined,
      extract: SWALLOW,
    };
    await expect(check(receiver)).rejects.toThrow('sh on db2 failed with exit code 5');
    const deaf = { ...receiver, listen: hear('echo "Address already in use" >&2; exit 2') };
    await expect(check(deaf)).rejects.toThrow('sh on db2 failed with exit code 2');
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

describe('a stream that comes by netcat', () => {
  it('counts when it begins with the secret, of which nothing is unpacked', async () => {
    const extract = ['sh', '-c', `[ "$(cat)" = '${STREAM}' ]`];
    // In two pieces, the second of which has bytes of both.
    const listen = hear(`printf '${SECRET.slice(0, 10)}'; sleep 0.2; printf '${SECRET.slice(10)}${STREAM}'`);
    await check({ listen, decompress: undefined, extract });
  });

  it.each([
    ['begins with something else', `printf 'XBSTCK01%100s' ''; exec sleep 60`, 'it did not send the secret'],
    ['is the secret but for its end', `printf '${SECRET.slice(0, -1)}'`, 'it did not send the secret'],
    ['hides the secret', `printf '\\0${SECRET}${STREAM}'`, 'it did not send the secret'],
    ['ends before it has begun', 'exit 0', 'it sent nothing'],
    ['does not begin', 'exec sleep 60', 'it sent nothing'],
  ])('is refused, and nothing of it is unpacked, when it %s', async (_what, words, reason) => {
    const folder = mkdtempSync(join(tmpdir(), 'receive-'));
    const extract = ['sh', '-c', `cat >${folder}/unpacked`];
    const began = performance.now();
    await expect(check({ listen: hear(words), decompress: undefined, extract })).rejects.toThrow(
      new RegExp(`^Another program connected to sh on db2 before this clone did: ${reason}`),
    );
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(statSync(`${folder}/unpacked`).size).toBe(0);
    rmSync(folder, { recursive: true });
  });
});
