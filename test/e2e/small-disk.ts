import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Mounts a file system of `bytes` at a new folder; undefined without root or where mounts are forbidden. */
export function mountSmallDisk(path: string, bytes: number): Disposable | undefined {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'twindb-test', path], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', path]) };
}
