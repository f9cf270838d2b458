import type { S3Client } from '@aws-sdk/client-s3';
import { MIN_ATTEMPTS } from './retry.ts';

type Handler = S3Client['config']['requestHandler'];

/** What the SDK says of an attempt in each request. */
const ATTEMPT = /^attempt=(\d+);/;

/** A handler that sends the first attempts of a request by `quick`, and those after which it may be given up by `patient`. */
export function patientAtLast(quick: Handler, patient: Handler): Handler {
  return {
    metadata: quick.metadata ?? { handlerProtocol: 'http/1.1' },
    handle(request, options) {
      const attempt = Number(ATTEMPT.exec(request.headers['amz-sdk-request'] ?? '')?.[1] ?? 1);
      return (attempt < MIN_ATTEMPTS ? quick : patient).handle(request, options);
    },
    destroy() {
      // They share their connections.
      quick.destroy?.();
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}
