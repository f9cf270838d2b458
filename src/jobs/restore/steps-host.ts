import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StepsHost } from '../../mysql/copy/advise-outside.ts';

/** This host, as the steps that a restore prints have to know it. What cannot be read counts as absent. */
export const THIS_HOST: StepsHost = {
  exists: existsSync,
  list: (folder) => attempt(() => readdirSync(folder), []),
  isMountPoint: (path) =>
    attempt(() => lstatSync(path).dev !== lstatSync(dirname(path)).dev, false) ||
    attempt(() => listMountPoints().includes(realpathSync(path)), false),
  realPath: (path) => attempt(() => realpathSync(path), path),
};

/** A bind mount within one file system has the same device number. Source: proc_pid_mountinfo(5), field 5. */
function listMountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/g, (_code, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    );
}

function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
