import { pipeline, type Readable, Transform } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { formatBytes } from '../../units.ts';

/** Bytes of an answer that is not an object: a page of 1000 keys of 1024 characters, each encoded as three, takes 4 MiB. */
const MAX_ANSWER = 16 << 20;

/** The name of the error that ends a larger answer. */
export const ANSWER_TOO_LARGE = 'AnswerTooLarge';

/**
 * Ends an answer of more than MAX_ANSWER bytes with an error: the SDK holds what it parses in memory several times. Objects are streams
 * that it does not hold, and pass; errors instead of them don't. Innermost of all, below what parses.
 */
export function limitAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const { response } = result;
        if (!isAnswer(response)) return result;
        if (commandName === 'GetObjectCommand' && response.statusCode < 300) return result;
        // Whoever reads the body gets the error; the callback has nothing to add.
        response.body = pipeline(response.body, countBytes(), () => {});
        return result;
      },
    { name: 'limitAnswers', step: 'deserialize', priority: 'low' },
  );
}

interface Answer {
  readonly statusCode: number;
  body: Readable;
}

function isAnswer(response: unknown): response is Answer {
  const { statusCode, body } = (response ?? {}) as { statusCode?: unknown; body?: { pipe?: unknown } };
  return typeof statusCode === 'number' && typeof body?.pipe === 'function';
}

function countBytes(): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      if (size <= MAX_ANSWER) callback(null, chunk);
      else {
        const error = new Error(`the answer has more than ${formatBytes(MAX_ANSWER)}`);
        callback(Object.assign(error, { name: ANSWER_TOO_LARGE }));
      }
    },
  });
}
