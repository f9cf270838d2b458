import { readFileSync } from 'node:fs';

/** The version in package.json, which lies two folders above this file in the source and in the build. */
export function version(): string {
  const { version: value } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as {
    version: string;
  };
  return value;
}
