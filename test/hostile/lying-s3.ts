import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Config } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';

/** Answers one request; the URL has the bucket as the first part of its path. */
export type Answer = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

/** An HTTP server that answers as S3 would, but for what it is told to lie about. Disposing of it ends it. */
export interface LyingS3 extends AsyncDisposable {
  readonly config: S3Config;
  /** How many requests there were. */
  requests(): number;
}

export async function startLyingS3(answer: Answer): Promise<LyingS3> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    answer(new URL(request.url ?? '/', 'http://localhost'), response, request);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    config: {
      kind: 's3',
      bucket: 'bucket',
      prefix: '',
      region: 'us-east-1',
      credentials: { accessKeyId: 'key', secretAccessKey: new Secret('secret') },
      endpointUrl: `http://127.0.0.1:${port}`,
      pathStyle: true,
      storageClass: undefined,
      sse: undefined,
      sseKmsKeyId: undefined,
      checksums: 'when_required',
      partSize: undefined,
      concurrency: 4,
    },
    requests: () => requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page of a listing; keys are as a server encodes them. Without `next` it is the last one. */
export function listPage(keys: readonly string[], next?: string): string {
  const objects = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><Size>3</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"x"</ETag></Contents>`,
  );
  const more = next === undefined ? 'false' : 'true';
  const token = next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`;
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>${token}${objects.join('')}</ListBucketResult>`;
}

/** Sends so many bytes of nothing, as fast as they are taken; says how many went out. */
export function sendBytes(response: ServerResponse, size: number, sent: (bytes: number) => void): void {
  const block = Buffer.alloc(1 << 20, 'A');
  let left = size;
  const send = (): void => {
    while (left > 0 && !response.destroyed) {
      const bytes = Math.min(left, block.length);
      left -= bytes;
      sent(bytes);
      if (!response.write(block.subarray(0, bytes))) return void response.once('drain', send);
    }
    response.end();
  };
  send();
}
