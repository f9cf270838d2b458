import { Readable } from 'node:stream';
import {
  S3Client,
  type S3ClientConfig,
  type ServerSideEncryption,
  type StorageClass,
} from '@aws-sdk/client-s3';
import { asOneLine } from '../../foreign-text.ts';
import type { Log } from '../../log.ts';
import type { WriteOptions } from '../destination.ts';
import { REQUEST_LIMITS } from '../request-limits.ts';
import { limitAnswers } from './answer-limit.ts';
import type { S3Config } from './config.ts';
import type { PartPlan } from './part-plan.ts';
import { patientAtLast } from './patient-handler.ts';
import { createRetryStrategy, MAX_ATTEMPTS, MIN_ATTEMPTS } from './retry.ts';
import { planRoute } from './route.ts';

/** What tests set to see in a second what takes minutes or terabytes. */
export interface S3Tuning {
  /** Milliseconds for a TCP connection. */
  readonly connectMs: number;
  /** Milliseconds without a byte in either direction after which a request is sent again. */
  readonly idleMs: number;
  /** The same for its last attempts: a slow server that never answers in `idleMs` must not be given up early. */
  readonly lastIdleMs: number;
  /** The same for the request that joins the parts of an upload: the server may have terabytes to read for it. */
  readonly joinMs: number;
  /** Milliseconds after the first failure at which retrying ends. */
  readonly giveUpMs: number;
  /** Milliseconds for cleaning up after a failure. */
  readonly cleanUpMs: number;
  /** Objects or uploads per listing request; absent: the server's limit. */
  readonly pageSize?: number;
  /** Milliseconds by which a sweep takes the server's clock for later than it is. */
  readonly aheadMs?: number;
  /** Instead of a plan by the size expected. */
  readonly plan?: PartPlan;
}

const IDLE_MS = 28_000;

/** A connection may be dead while its server is not: the first attempts are short, and the last takes what is left of the limit. */
export const DEFAULT_TUNING: S3Tuning = {
  connectMs: 10_000,
  idleMs: IDLE_MS,
  lastIdleMs: REQUEST_LIMITS.usualMs - (MIN_ATTEMPTS - 1) * IDLE_MS,
  joinMs: REQUEST_LIMITS.slowMs,
  giveUpMs: 30_000,
  cleanUpMs: 20_000,
};

/** One bucket and all that is needed to work with it. */
export interface S3Bucket {
  readonly client: S3Client;
  /** For the request that joins the parts of an upload. */
  readonly joiner: S3Client;
  readonly config: S3Config;
  readonly log: Log;
  readonly tuning: S3Tuning;
  /** Its credentials may not delete; absent: they may. */
  readonly appendOnly?: boolean;
}

/** Connections beside the parts: status files, listings, clean-up. */
const SPARE_SOCKETS = 32;

/**
 * Opens nothing yet: the client connects and looks for credentials with its first request. Throws a ConfigError for a variable of the
 * environment that names no proxy, or no file of certificates.
 */
export function createBucket(config: S3Config, log: Log, tuning: S3Tuning): S3Bucket {
  const { credentials } = config;
  const route = planRoute(config.endpointUrl, {
    maxSockets: config.concurrency + SPARE_SOCKETS,
    connectMs: tuning.connectMs,
  });
  const when = config.checksums === 'when_supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const options: S3ClientConfig = {
    region: config.region,
    forcePathStyle: config.pathStyle,
    ...(config.endpointUrl === undefined ? {} : { endpoint: config.endpointUrl }),
    ...(credentials && {
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey.reveal(),
      },
    }),
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    maxAttempts: MAX_ATTEMPTS,
    // The SDK opens a new connection for every part that waits for leave to be sent.
    expectContinueHeader: false,
    logger: quietLogger(log),
  };
  // No requestTimeout: it counts the sending of the body too, and a part over a slow line takes its time.
  const connection = { connectionTimeout: tuning.connectMs, ...route.agents };
  // The SDK has no limit of silence for a single request, only one for all that a handler sends.
  const handlerFor = (idleMs: number) =>
    route.forward(
      constructQuietly({ ...options, requestHandler: { ...connection, socketTimeout: idleMs } }).config
        .requestHandler,
    );
  const client = constructQuietly({
    ...options,
    retryStrategy: createRetryStrategy(tuning.giveUpMs, log),
    requestHandler: patientAtLast(handlerFor(tuning.idleMs), handlerFor(tuning.lastIdleMs)),
  });
  sendInSlices(client);
  limitAnswers(client);
  const joiner = constructQuietly({
    ...options,
    credentials: client.config.credentials,
    retryStrategy: createRetryStrategy(tuning.giveUpMs, log, tuning.joinMs),
    requestHandler: handlerFor(tuning.joinMs),
  });
  limitAnswers(joiner);
  return { client, joiner, config, log, tuning };
}

const NODE_WARNING_SWITCH = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/**
 * The SDK's first client in a process warns on stderr of a version of Node that its next releases will not support, and cron would mail that
 * every hour. Of Node 20 it is decided what becomes (docs/architecture.md, Decisions: Node 20 stays), so there it is not shown;
 * of any other version it is news. The switch is the SDK's own, looked at in the constructor; children of this process should not inherit it.
 */
function constructQuietly(options: S3ClientConfig): S3Client {
  if (!process.version.startsWith('v20.')) return new S3Client(options);
  const before = process.env[NODE_WARNING_SWITCH];
  process.env[NODE_WARNING_SWITCH] = 'true';
  try {
    return new S3Client(options);
  } finally {
    if (before === undefined) delete process.env[NODE_WARNING_SWITCH];
    else process.env[NODE_WARNING_SWITCH] = before;
  }
}

function nothing(): void {}

/** The SDK's warnings are for programmers; its other levels hold whole requests, part buffers included. */
function quietLogger(log: Log): NonNullable<S3ClientConfig['logger']> {
  const warn = (...words: unknown[]): void => log.debug(`S3: ${asOneLine(words.map(String).join(' '))}`);
  return { trace: nothing, debug: nothing, info: nothing, warn, error: nothing };
}

const SLICE = 256 * 1024;

/**
 * Sends a body piece by piece. Node encrypts what it is given at once, and for a part of 64 MiB would hold a second
 * one in cipher text. Innermost of all: above, for signing, checksums and retries, a body is a plain buffer.
 */
function sendInSlices(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (!isRequestWithBuffer(request) || request.body.length <= SLICE) return next(args);
      const body = Readable.from(cutInSlices(request.body), { objectMode: false });
      return next({
        ...args,
        request: Object.assign(Object.create(Object.getPrototypeOf(request)), request, { body }),
      });
    },
    { name: 'sendInSlices', step: 'deserialize', priority: 'low' },
  );
}

function isRequestWithBuffer(request: unknown): request is { body: Buffer } {
  return (
    typeof request === 'object' && request !== null && 'body' in request && Buffer.isBuffer(request.body)
  );
}

function* cutInSlices(body: Buffer): Generator<Buffer> {
  for (let offset = 0; offset < body.length; offset += SLICE) yield body.subarray(offset, offset + SLICE);
}

/** How an object is to be encrypted by the server. */
export function encryption(config: S3Config): {
  ServerSideEncryption?: ServerSideEncryption;
  SSEKMSKeyId?: string;
} {
  return {
    ...(config.sse && { ServerSideEncryption: config.sse }),
    ...(config.sseKmsKeyId && { SSEKMSKeyId: config.sseKmsKeyId }),
  };
}

/** What a request says about how its object is to be kept. */
export type Storage = ReturnType<typeof encryption> & { StorageClass?: StorageClass };

/** How an object is to be kept by the server. A storage class is for copies: GLACIER would lock a status away. */
export function storage(config: S3Config, { readOften }: WriteOptions): Storage {
  return {
    ...encryption(config),
    ...(config.storageClass && !readOften && { StorageClass: config.storageClass as StorageClass }),
  };
}
