import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ConfigError } from '../../errors.ts';
import type { Environment } from './proxy.ts';

/** In the order in which boto3 looks at them (botocore 1.43: `session.py`, `endpoint.py`). */
const VARIABLES = ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'] as const;

/**
 * The authorities that a server's certificate may come from, where the environment names a file of them: as with boto3, those and no others. undefined where it
 * does not: those that Node.js brings along. Throws a ConfigError when there are none in the file. One value for all connections: to parse a system's
 * bundle takes a tenth of a second.
 */
export function readCaBundle(environment: Environment): SecureContext | undefined {
  const variable = VARIABLES.find((name) => environment[name]);
  if (variable === undefined) return undefined;
  const file = (environment[variable] ?? '').replace(/^~(?=\/)/, homedir());
  const ca = readBundle(file, variable);
  if (/^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/m.test(ca)) {
    return createSecureContext({ ca });
  }
  throw refuse(variable, `${file} holds no certificate in PEM format`);
}

function readBundle(file: string, variable: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    throw refuse(variable, `${file} cannot be read`, cause);
  }
}

function refuse(variable: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError(`The environment variable ${variable} is wrong: ${problem}`, {
    cause,
    remedy: 'It names one file that holds certificates of authorities in PEM format; a folder will not do.',
  });
}
