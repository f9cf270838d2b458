import {
  ConflictError,
  codeOf,
  IntegrityError,
  ObjectNotFoundError,
  OutgrownError,
  StorageError,
  TwinDbError,
} from '../../errors.ts';
import { ANSWER_TOO_LARGE } from './answer-limit.ts';
import type { S3Config } from './config.ts';
import { explainConnection } from './explain-connection.ts';
import { explainArchived, explainKms, explainRedirect, quoteServer, serverWords } from './explain-refusal.ts';
import { ProxyError } from './proxy-connection.ts';

/** What an S3 error says, whatever its class: answers to HEAD have no body and so no name, only a status. */
interface S3Failure {
  readonly name: string;
  /** Of the operating system: ECONNREFUSED and the like. */
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly message: string;
}

type Place = Pick<
  S3Config,
  'bucket' | 'region' | 'credentials' | 'endpointUrl' | 'checksums' | 'sseKmsKeyId'
>;

interface Reason {
  readonly reason: string;
  readonly remedy: string;
}

/** An answer such as S3 never gives: something else answers in its place. */
export class NotS3Error extends Error {
  override readonly name = 'NotS3Error';
}

/** What the SDK adds to the message of an answer that it could not parse; it is for programmers. */
const SDK_HINT = /\n +Deserialization error: to see the raw response.*/s;

/** Reads the facts off an error of the SDK. */
export function readFailure(error: unknown): S3Failure {
  const facts = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: facts.name ?? '',
    // An exception of the web's has a number there.
    code: codeOf(error) ?? '',
    status: facts.$metadata?.httpStatusCode ?? 0,
    message: (facts.message ?? String(error)).replace(SDK_HINT, ''),
  };
}

/** Whether the server says that the object or the upload is not there (not: the bucket). */
export function isAbsent(error: unknown): boolean {
  const { name, status } = readFailure(error);
  return status === 404 && name !== 'NoSuchBucket';
}

/** Whether the server says that a condition does not hold: another writer was there first, or has replaced or deleted what was read. */
export function saysConflict(error: unknown): boolean {
  return [409, 412].includes(readFailure(error).status) || isAbsent(error);
}

/** Whether the server may have refused a request because of a condition that it does not know. */
export function saysUnknownCondition(error: unknown): boolean {
  return [400, 501].includes(readFailure(error).status);
}

/** Whether the server says that these credentials may not do that. */
export function isRefused(error: unknown): boolean {
  return readFailure(error).status === 403;
}

/** Whether there was no answer, or none that says what became of the request. */
export function isUncertain(error: unknown): boolean {
  const { status } = readFailure(error);
  return status === 0 || status >= 500;
}

/** The error for an operation that failed; `doing` says which, for example `Cannot read s3://b/key`. */
export function s3Error(doing: string, cause: unknown, place: Place): TwinDbError {
  // They name the object.
  if (cause instanceof ConflictError || cause instanceof OutgrownError || cause instanceof IntegrityError)
    return cause;
  if (cause instanceof TwinDbError) return new StorageError(doing, { cause });
  if (isAbsent(cause))
    return new ObjectNotFoundError(`${doing}: there is no such object`, { cause, isExplained: true });
  const failure = readFailure(cause);
  const known =
    explainArchived(failure, place.bucket, keyIn(doing, place.bucket)) ?? explain(failure, cause, place);
  if (known) {
    return new StorageError(`${doing}: ${known.reason}`, { cause, isExplained: true, remedy: known.remedy });
  }
  return new StorageError(`${doing}: ${serverWords(failure)}`, { cause, isExplained: true });
}

/** The key of the object that an operation is about: its URL ends what is said of it. */
function keyIn(doing: string, bucket: string): string | undefined {
  const [, key] = doing.split(`s3://${bucket}/`);
  return key || undefined;
}

function explain(failure: S3Failure, error: unknown, place: Place): Reason | undefined {
  return (
    explainProxy(error) ??
    explainConnection(failure.code, failure.message, endpointOf(place)) ??
    explainSize(failure) ??
    explainKms(failure, whoOf(place), place.sseKmsKeyId) ??
    explainRedirect(failure, place.bucket, headerOf(error, 'location')) ??
    explainCredentials(failure, place) ??
    explainBucket(failure, error, place) ??
    explainChecksums(failure, place) ??
    explainForeign(failure, error, place) ??
    explainSilence(failure, place)
  );
}

const PERMISSIONS =
  's3:GetObject, PutObject, DeleteObject, ListBucket, ListBucketMultipartUploads, ListMultipartUploadParts and AbortMultipartUpload';

/** What S3 says of a session token whose time is over. Source: Amazon S3 error responses. */
const EXPIRED: readonly string[] = ['ExpiredToken', 'TokenRefreshRequired'];

/** Whose requests the server judges. */
function whoOf({ credentials }: Place): string {
  return credentials ? `access key id ${credentials.accessKeyId}` : 'the key of the AWS default chain';
}

function explainProxy(error: unknown): Reason | undefined {
  return error instanceof ProxyError ? { reason: error.message, remedy: error.remedy } : undefined;
}

function explainCredentials(failure: S3Failure, place: Place): Reason | undefined {
  const { name, status, message } = failure;
  const who = whoOf(place);
  if (name === 'CredentialsProviderError') {
    return {
      reason: 'no AWS credentials found',
      remedy:
        'Set [s3] AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give root a profile in ~/.aws or the machine a role.',
    };
  }
  if (name === 'InvalidAccessKeyId') {
    return { reason: `the server does not know ${who}`, remedy: 'Correct [s3] AWS_ACCESS_KEY_ID.' };
  }
  if (EXPIRED.includes(name)) {
    return {
      reason: `the session of ${who} has expired`,
      remedy: 'Renew the temporary credentials, or use keys that do not expire.',
    };
  }
  // The answer to HEAD has no body, and so cannot say which of its reasons it is.
  if (status === 400 && message === 'UnknownError') {
    return {
      reason: `the server refuses the request of ${who} (HTTP 400)`,
      remedy: 'Renew temporary credentials, they may have expired; and check [s3] AWS_DEFAULT_REGION.',
    };
  }
  if (name === 'SignatureDoesNotMatch') {
    return {
      reason: `the secret does not belong to ${who}`,
      remedy: 'Correct [s3] AWS_SECRET_ACCESS_KEY.',
    };
  }
  if (name === 'RequestTimeTooSkewed') {
    return {
      reason: 'the clocks of this machine and the server differ',
      remedy: 'Set the clock of this machine.',
    };
  }
  if (name === 'QuotaExceeded' || name === 'XMinioStorageFull' || status === 507) {
    return {
      reason: 'the destination is full, its quota is exceeded',
      remedy: 'Raise the quota, or keep fewer copies.',
    };
  }
  if (status === 401 || status === 403) {
    return {
      reason: `${who} is not allowed to ${quoteServer(failure)}`,
      remedy: `Check the key and its secret in [s3], and that it has the permissions ${PERMISSIONS}.`,
    };
  }
  return undefined;
}

const REGION_ERRORS: readonly string[] = [
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
];

function explainBucket({ name, status }: S3Failure, error: unknown, place: Place): Reason | undefined {
  if (name === 'NoSuchBucket') {
    return {
      reason: `the bucket ${place.bucket} does not exist`,
      remedy: 'Create it, or correct [s3] BUCKET.',
    };
  }
  if (status === 301 || REGION_ERRORS.includes(name)) {
    const region = regionOf(error);
    return {
      reason: `the bucket ${place.bucket} is not in region ${place.region}${region ? ` but in ${region}` : ''}`,
      remedy: `Set [s3] AWS_DEFAULT_REGION${region ? ` = ${region}` : " to the bucket's region"}.`,
    };
  }
  return undefined;
}

/** The region that the server names when it sends us elsewhere. */
function regionOf(error: unknown): string | undefined {
  return (error as { Region?: string }).Region ?? headerOf(error, 'x-amz-bucket-region');
}

function headerOf(error: unknown, name: string): string | undefined {
  return (error as { $response?: { headers?: Record<string, string> } }).$response?.headers?.[name];
}

/** Answers of servers that don't know the checksums the SDK sends of its own accord since 2025. */
const CHECKSUM_ERRORS: readonly string[] = [
  'NotImplemented',
  'XAmzContentSHA256Mismatch',
  'MissingContentLength',
  'InvalidArgument',
  'InvalidRequest',
  'InvalidDigest',
];

function explainChecksums({ name, status }: S3Failure, { checksums }: Place): Reason | undefined {
  const isTypical = status === 411 || status === 501 || CHECKSUM_ERRORS.includes(name);
  if (checksums !== 'when_supported' || !isTypical) return undefined;
  return {
    reason: `the server refuses the request (${name || status})`,
    remedy: 'If it is an older S3-compatible server, set [s3] checksums = when_required.',
  };
}

/** A web page, say of a proxy that wants a login. */
function explainForeign({ status }: S3Failure, error: unknown, place: Place): Reason | undefined {
  const isNoXml = error instanceof Error && SDK_HINT.test(error.message) && status < 300;
  if (!(error instanceof NotS3Error) && !isNoXml) return undefined;
  return {
    reason: `something else than S3 answers at ${endpointOf(place)}`,
    remedy: 'Correct [s3] endpoint_url, and see whether a proxy or a login page is in between.',
  };
}

function explainSize({ name, message }: S3Failure): Reason | undefined {
  if (name !== ANSWER_TOO_LARGE) return undefined;
  return {
    reason: message,
    remedy: 'The server is at fault: update or repair it, or use another destination.',
  };
}

/** No answer at all, or only that there will be none. */
function explainSilence({ name, code, status, message }: S3Failure, place: Place): Reason | undefined {
  if (status === 0 && (code || name === 'TimeoutError' || name === 'AbortError')) {
    return {
      reason: `no answer from ${endpointOf(place)} (${code || (name === 'TimeoutError' ? 'timeout' : message)})`,
      remedy: 'Check the network and [s3] endpoint_url.',
    };
  }
  if (status >= 500 || name === 'SlowDown' || status === 429) {
    return {
      reason: `${endpointOf(place)} cannot serve requests now (${name}, HTTP ${status})`,
      remedy: 'Try again later.',
    };
  }
  return undefined;
}

/** Host and port only: a URL may hold a password. */
function endpointOf({ endpointUrl, region }: Place): string {
  if (endpointUrl === undefined) return `Amazon S3 in ${region}`;
  return URL.canParse(endpointUrl) ? new URL(endpointUrl).host : 'the configured [s3] endpoint_url';
}
