import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** How a command on a machine ended. */
interface Result {
  readonly exitCode: number | null;
  readonly output: string;
}

/** A bare Debian of its own: what is changed in it goes when it is disposed of. Needs root. */
export interface Machine extends Disposable {
  readonly root: string;
  /** Runs a shell script in it as root, as cron would: no terminal, no network, hardly an environment. */
  run(script: string): Result;
  /** The same; throws when it fails, and returns what it printed. */
  must(script: string): string;
  read(path: string): string;
  write(path: string, content: string, mode?: number): void;
  exists(path: string): boolean;
  mode(path: string): number;
}

const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--kill-child'];

/** `base` is the folder of a system that `packaging/test-chroots.sh` has made; it stays as it is. */
export function createMachine(base: string): Machine {
  const dir = mkdtempSync(join(tmpdir(), 'twindb-machine-'));
  const root = join(dir, 'root');
  for (const folder of ['root', 'upper', 'work']) mkdirSync(join(dir, folder));
  const layers = `lowerdir=${base},upperdir=${join(dir, 'upper')},workdir=${join(dir, 'work')}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, root]);
  const run = (script: string): Result => {
    const enter =
      'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -euc "$1" 2>&1';
    const { status, stdout, error } = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', enter, root, script], {
      encoding: 'utf8',
      input: '',
    });
    if (error) throw error;
    return { exitCode: status, output: stdout };
  };
  return {
    root,
    run,
    must(script) {
      const { exitCode, output } = run(script);
      if (exitCode !== 0) throw new Error(`exit code ${exitCode} of ${script}\n${output}`);
      return output;
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    write(path, content, mode = 0o644) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode });
    },
    exists: (path) => existsSync(join(root, path)),
    mode: (path) => statSync(join(root, path)).mode & 0o7777,
    [Symbol.dispose]() {
      execFileSync('umount', [root]);
      rmSync(dir, { recursive: true });
    },
  };
}
