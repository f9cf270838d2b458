import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StepsHost } from '../../mysql/copy/advise-outside.ts';

/** This host, as the steps that a restore prints have to know it. What cannot be read counts as absent. */
export const THIS_HOST: StepsHost = {
  exists: existsSync,
  list: (folder) => attempt(() => readdirSync(folder), []),
  isMountPoint: (path) => attempt(() => lstatSync(path).dev !== lstatSync(dirname(path)).dev, false),
  realPath: (path) => attempt(() => realpathSync(path), path),
};

function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
