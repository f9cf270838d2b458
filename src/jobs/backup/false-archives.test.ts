import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localContext } from '../../../test/fixtures/local-context.ts';
import { listCopies } from '../../catalogue/list-copies.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { createLog } from '../../log.ts';
import type { JobContext } from '../job-context.ts';
import { runBackup } from './run-backup.ts';

let dir: string;
let source: string;
let messages: string[];
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  environment = { ...process.env };
  dir = mkdtempSync(join(tmpdir(), 'twindb-false-'));
  source = join(dir, 'source');
  messages = [];
  mkdirSync(source);
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(source, 'file'), 'content');
});
afterEach(() => {
  process.env = environment;
  rmSync(dir, { recursive: true });
});

/** Puts a program first in PATH that does this. */
function fake(name: string, script: string): void {
  writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, 'bin', name), 0o755);
  process.env['PATH'] = `${join(dir, 'bin')}:${environment['PATH']}`;
}

/** One copy is kept, so that a second one would push the first out. */
function createContext(program: string, tarOptions = ''): JobContext {
  const file = join(dir, 'cfg');
  const log = createLog('info', (level, message) => messages.push(`${level} ${message}`));
  let minutes = 0;
  return localContext(
    file,
    `[source]\nbackup_dirs=${source}\ntar_options=${tarOptions}\n[destination]\nbackup_destination=local\nkeep_local_path=${dir}/kept
[compression]\nprogram=${program}\n[retention]\ndaily_copies=1\n[retention_local]\ndaily_copies=1\n[measures]\nlog=${dir}/m\n`,
    {
      destination: openLocal({ kind: 'local', backupDir: join(dir, 'copies') }, log),
      local: openLocal({ kind: 'local', backupDir: join(dir, 'kept') }, log),
      log,
      machineId: () => 'machine-1',
      now: () => new Date(Date.UTC(2026, 0, 1, 0, (minutes += 1))),
    },
  );
}

const run = (context: JobContext) => runBackup('daily', { lock: { path: join(dir, 'lock') } }, context);

async function locations(context: JobContext): Promise<string[]> {
  return (await listCopies(context)).copies.map(({ location }) => location).toSorted();
}

const TOTALS = 'echo "Total bytes written: 10240 (10KiB, 1MiB/s)" >&2';

describe('no copy is made, and the last good one stays', () => {
  it.each([
    ['tar has other options', 'tar', 'echo "tar: unrecognized option --acls" >&2; exit 1', 'GNU tar'],
    ['tar says nothing at all and exits 1', 'tar', 'exit 1', 'tar failed with exit code 1'],
    ['tar has its totals and no archive', 'tar', `${TOTALS}; exit 1`, 'there are no data in the archive'],
    ['tar exits 0 with nothing', 'tar', 'exit 0', 'there are no data in the archive'],
    ['tar exits 0 with something else', 'tar', 'seq 10000', 'the data are not a tar archive'],
    ['tar exits 0 with a part', 'tar', '/usr/bin/tar "$@" | head -c 1024', 'its end is missing'],
    ['tar says what is not known', 'tar', '/usr/bin/tar "$@"; echo "tar: odd" >&2; exit 1', 'tar: odd'],
    ['the compressor exits 0 with nothing', 'pigz', 'cat >/dev/null', 'pigz gave no data'],
  ])('%s', async (_title, program, script, reason) => {
    const context = createContext('pigz');
    expect(await run(context)).toBe(true);
    const before = await locations(context);
    expect(before).toHaveLength(2);
    fake(program, script);
    expect(await run(context)).toBe(false);
    expect(messages.join('\n')).toContain(`Cannot back up ${source}`);
    expect(messages.join('\n')).toContain(reason);
    expect(await locations(context)).toEqual(before);
  });

  it.each([
    ['was removed', 'mv SOURCE SOURCE.gone', 'was removed while it was backed up'],
    ['is another one', 'mv SOURCE SOURCE.gone; mkdir SOURCE', 'was replaced by another one'],
  ])('the directory %s when tar exits 1', async (_title, change, reason) => {
    const context = createContext('gzip');
    const remark = `echo "tar: ${source}: file changed as we read it" >&2`;
    fake('tar', `/usr/bin/tar "$@"; ${change.replaceAll('SOURCE', source)}; ${remark}; exit 1`);
    expect(await run(context)).toBe(false);
    expect(messages.join('\n')).toContain(`${source} ${reason}`);
    expect(await locations(context)).toEqual([]);
  });
});

describe('a tar option that cannot be had', () => {
  it.each(['-vz', '--rem', '--listed=SOURCE.snapshot'])(
    'fails each directory before tar runs: %s',
    async (option) => {
      const context = createContext('gzip', option.replace('SOURCE', source));
      expect(await run(context)).toBe(false);
      expect(messages.join('\n')).toMatch(/Cannot back up .*: \[source\] tar_options cannot have /);
      expect(await locations(context)).toEqual([]);
      expect(readFileSync(join(source, 'file'), 'utf8')).toBe('content');
      expect(existsSync(`${source}.snapshot`)).toBe(false);
    },
  );
});

describe('a copy is made, with a warning', () => {
  it('of files that changed', async () => {
    const context = createContext('gzip');
    const remark = `tar: ${source}/${'long/'.repeat(200)}file: file changed as we read it`;
    fake('tar', `/usr/bin/tar "$@"; echo "${remark}" >&2; exit 1`);
    expect(await run(context)).toBe(true);
    expect(messages.join('\n')).toMatch(
      /warn .* changed while it was backed up: .*file changed as we read it/,
    );
    expect(await locations(context)).toHaveLength(2);
  });

  it('of what is left out, although tar exits 0', async () => {
    const context = createContext('gzip');
    fake('tar', `/usr/bin/tar "$@"; echo "tar: ${source}/m: Warning: Cannot open: Permission denied" >&2`);
    expect(await run(context)).toBe(true);
    expect(messages.join('\n')).toContain(
      `warn Not everything in ${source} is in its copy:\n  tar: ${source}/m`,
    );
    expect(existsSync(join(dir, 'copies/db1/files-status'))).toBe(true);
    expect(readFileSync(join(source, 'file'), 'utf8')).toBe('content');
  });
});
