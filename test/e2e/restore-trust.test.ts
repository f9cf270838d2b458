import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from './cli.ts';

const host = hostname();

/** One backup of a few files to `copies`, and below keep_local_path `kept`. */
async function backUp(sandbox: Sandbox): Promise<{ name: string; kept: string; remote: string }> {
  for (const name of ['a', 'b', 'c', 'd']) sandbox.file(`data/${name}`, name.repeat(2000));
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'data') },
    destination: { backup_destination: 'local', keep_local_path: join(sandbox.dir, 'kept') },
    local: { backup_dir: join(sandbox.dir, 'copies') },
    measures: { log: join(sandbox.dir, 'measures') },
  });
  expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
  const [kept = '', remote = ''] = (await sandbox.run('ls')).stdout.trim().split('\n');
  return { name: kept.slice(kept.lastIndexOf('/') + 1), kept, remote };
}

/** Cuts the archive in a copy between two members, where tar notices nothing. */
function cutBetweenMembers(copy: string): void {
  const archive = gunzipSync(readFileSync(copy));
  const member = archive.lastIndexOf('data/');
  writeFileSync(copy, gzipSync(archive.subarray(0, member - (member % 512))));
}

describe('a copy that no status lists', () => {
  it('below keep_local_path gives way to the one on the destination that can be verified', async () => {
    using sandbox = createSandbox();
    const { name, kept } = await backUp(sandbox);
    for (const status of ['files-status', 'files-status.copy'])
      rmSync(join(sandbox.dir, 'kept', host, status));
    cutBetweenMembers(kept);
    const dst = join(sandbox.dir, 'restored');
    expect(await sandbox.run('restore', 'file', name, '--dst', dst)).toMatchObject({ exitCode: 0 });
    expect(
      execFileSync('diff', ['-r', join(sandbox.dir, 'data'), join(dst, sandbox.dir, 'data')]).toString(),
    ).toBe('');
  });

  it('and was cut between two members is refused, and leaves the folder empty', async () => {
    using sandbox = createSandbox();
    const { remote, kept } = await backUp(sandbox);
    rmSync(kept);
    for (const status of ['files-status', 'files-status.copy'])
      rmSync(join(sandbox.dir, 'copies', host, status));
    cutBetweenMembers(remote);
    const dst = join(sandbox.dir, 'restored');
    const result = await sandbox.run('restore', 'file', remote, '--dst', dst, '--accept-unauthenticated');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('cannot be verified');
    expect(result.stderr).toContain('the copy is damaged');
    expect(readdirSync(dst)).toEqual([]);
  });
});

describe('a restore that fails', () => {
  it('leaves its folder empty and tells the cause, also where names are not UTF-8', async () => {
    using sandbox = createSandbox();
    // 0xe9 alone is no UTF-8.
    const folder = Buffer.concat([
      Buffer.from(join(sandbox.dir, 'data/d')),
      Buffer.of(0xe9),
      Buffer.from('/e'),
    ]);
    mkdirSync(folder, { recursive: true, mode: 0o000 });
    const { remote, kept } = await backUp(sandbox);
    rmSync(kept);
    const bytes = readFileSync(remote);
    bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1;
    writeFileSync(remote, bytes);
    const dst = join(sandbox.dir, 'restored');
    const result = await sandbox.run('restore', 'file', remote, '--dst', dst);
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('the copy is damaged');
    expect(readdirSync(dst)).toEqual([]);
  });
});

describe('with a destination that cannot be reached', () => {
  it('the copies below keep_local_path are listed and restored by name', async () => {
    using sandbox = createSandbox();
    const { name, kept } = await backUp(sandbox);
    const content = readFileSync(sandbox.config, 'utf8').replace(
      'backup_destination = local',
      'backup_destination = ssh',
    );
    sandbox.configure(`${content}\n[ssh]\nport = 1\nssh_key = ${join(sandbox.dir, 'key')}\n`);
    const listed = await sandbox.run('ls');
    expect(listed).toMatchObject({ exitCode: 1, stdout: `${kept}\n` });
    expect(listed.stderr).toContain('Cannot list ssh://');
    const dst = join(sandbox.dir, 'restored');
    expect(await sandbox.run('restore', 'file', name, '--dst', dst)).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(dst, sandbox.dir, 'data'))).toEqual(['a', 'b', 'c', 'd']);
  });
});
