import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '../../src/config/secret.ts';
import { DEFAULT_TUNING } from '../../src/destinations/s3/client.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import {
  IMPATIENT,
  keepLog,
  labConfig,
  leftoversOf,
  plantUpload,
  quotaConfig,
  seesObject,
} from '../integration/s3-lab.ts';
import { type Intercept, startProxy } from '../integration/s3-proxy.ts';
import { testDestination } from './destination.ts';
import type { Harness } from './harness.ts';

/** The object is there for half a second before the answer to CompleteMultipartUpload says so. */
const holdBackJoins: Intercept = ({ method, url }, answer, forward) => {
  if (method !== 'POST' || !url?.includes('uploadId=')) return 'pass';
  const answerLate = async (): Promise<void> => {
    const real = await forward();
    await sleep(500);
    answer.writeHead(real.statusCode ?? 502, real.headers);
    real.pipe(answer);
  };
  return answerLate();
};

testDestination('s3', (): Harness => {
  const config = labConfig();
  const open = (): ReturnType<typeof openS3> => openS3(config, keepLog());
  const wrong = { accessKeyId: config.credentials?.accessKeyId ?? '', secretAccessKey: new Secret('wrong') };
  return {
    open,
    root: `s3://${config.bucket}`,
    secrets: [config.credentials?.secretAccessKey.reveal() ?? ''],
    leftovers: (host) => leftoversOf(config, host),
    sees: (key) => seesObject(config, key),
    plant: (host, owner) => plantUpload(config, host, owner),
    openLater: (_host, ms) => openS3(config, keepLog(), { ...DEFAULT_TUNING, aheadMs: ms }),
    openSlow: async () => {
      const proxy = await startProxy(config.endpointUrl ?? '', holdBackJoins);
      return openS3({ ...config, endpointUrl: proxy.endpoint }, keepLog());
    },
    wrongCredentials: () => openS3({ ...config, credentials: wrong }, keepLog()),
    wrongHostKey: { notPossible: 'S3 servers have no host keys' },
    full: async () => ({
      open: () => openS3(quotaConfig(), keepLog()),
      leftovers: (host) => leftoversOf(quotaConfig(), host),
      sees: (key) => seesObject(quotaConfig(), key),
    }),
    serverGone: async () => {
      const proxy = await startProxy(config.endpointUrl ?? '');
      return {
        destination: openS3({ ...config, endpointUrl: proxy.endpoint }, keepLog(), IMPATIENT),
        kill: () => proxy.kill(),
        revive: () => proxy.revive(),
      };
    },
  };
});
