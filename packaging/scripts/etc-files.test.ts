import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('etc-files.sh', import.meta.url));
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'etc-files-'));
  mkdirSync(join(dir, 'etc'));
  mkdirSync(join(dir, 'samples'));
  writeFileSync(join(dir, 'samples/twindb-backup.cfg'), 'sample\n');
  writeFileSync(join(dir, 'samples/twindb-backup.cron'), 'sample\n');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs a function of the script as a package manager does, with all paths below `dir`. */
function run(words: string): void {
  const paths = `config=${dir}/etc/cfg cron=${dir}/cron.d/cron retired=${dir}/etc/cron samples=${dir}/samples aside=${dir}/lib/upgrade`;
  execFileSync('sh', ['-e', '-c', `. "$1"; ${paths}; ${words}`, 'sh', script], { stdio: 'ignore' });
}

describe('an upgrade over a tool that takes its configuration with it', () => {
  it('keeps what was put aside when it is begun anew, as after a missing dependency', () => {
    const config = join(dir, 'etc/cfg');
    writeFileSync(config, 'edited\n');
    run('begin_files upgrade');
    rmSync(config);
    run('begin_files upgrade');
    run('settle_files');
    expect(readFileSync(config, 'utf8')).toBe('edited\n');
    expect(existsSync(join(dir, 'lib/upgrade'))).toBe(false);
  });

  it('puts a cron file that was deleted since back neither after an abort nor after a crash', () => {
    const cron = join(dir, 'cron.d/cron');
    writeFileSync(join(dir, 'etc/cfg'), 'edited\n');
    mkdirSync(join(dir, 'cron.d'));
    for (const end of ['abort_files', 'true']) {
      writeFileSync(cron, 'mine\n');
      run('begin_files upgrade');
      run(end);
      rmSync(cron);
      run('begin_files upgrade');
      run('settle_files');
      expect(existsSync(cron)).toBe(false);
    }
  });

  it('gives back what the replaced package has taken away when it is aborted', () => {
    const config = join(dir, 'etc/cfg');
    writeFileSync(config, 'edited\n');
    run('begin_files upgrade');
    rmSync(config);
    run('abort_files');
    expect(readFileSync(config, 'utf8')).toBe('edited\n');
    expect(existsSync(join(dir, 'lib/upgrade'))).toBe(false);
  });

  it('makes no cron file in an upgrade after an installation that was aborted', () => {
    run('begin_files install');
    run('abort_files');
    writeFileSync(join(dir, 'etc/cfg'), 'edited\n');
    run('begin_files upgrade');
    run('settle_files');
    expect(existsSync(join(dir, 'cron.d/cron'))).toBe(false);
  });

  it('takes the younger of two that were put aside', () => {
    const config = join(dir, 'etc/cfg');
    writeFileSync(config, 'edited\n');
    run('begin_files upgrade');
    writeFileSync(config, 'edited again\n');
    run('begin_files upgrade');
    rmSync(config);
    run('settle_files');
    expect(readFileSync(config, 'utf8')).toBe('edited again\n');
  });
});
