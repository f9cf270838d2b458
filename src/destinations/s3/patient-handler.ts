import type { S3Client } from '@aws-sdk/client-s3';
import { MIN_ATTEMPTS } from './retry.ts';

type Handler = S3Client['config']['requestHandler'];

/** What the SDK says of an attempt in each request. */
const ATTEMPT = /^attempt=(\d+);/;

/** What a request may say to the handler below, beside the options that the SDK knows. */
export interface Patience {
  /** It is the last attempt, though the SDK counts it as a first one: it goes on with what an earlier request began. */
  readonly isLastAttempt: boolean;
}

/** A handler that sends the first attempts of a request by `quick`, and those after which it may be given up by `patient`. */
export function patientAtLast(quick: Handler, patient: Handler): Handler {
  return {
    metadata: quick.metadata ?? { handlerProtocol: 'http/1.1' },
    handle(request, options?: Parameters<Handler['handle']>[1] & Partial<Patience>) {
      const attempt = Number(ATTEMPT.exec(request.headers['amz-sdk-request'] ?? '')?.[1] ?? 1);
      const isLast = options?.isLastAttempt || attempt >= MIN_ATTEMPTS;
      return (isLast ? patient : quick).handle(request, options);
    },
    destroy() {
      // They share their connections.
      quick.destroy?.();
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}
