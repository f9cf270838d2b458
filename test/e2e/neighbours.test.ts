import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSandbox, type Result, type Running, type Sandbox } from './cli.ts';
import { holdZstdOpen, makeFolder, PLACES, type Place, until } from './half-written.ts';

/** A host name of its own: tests of other files sweep the same bucket, on this machine and so by right. */
const HOST = `neighbours-${process.pid}`;
const NAMED = ['unshare', '--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', HOST] as const;
const CONTAINER = [...NAMED, 'unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;

/** What a run of the same host name is in, and what it is started below. */
const NEIGHBOURS: Readonly<Record<string, (sandbox: Sandbox) => [string, ...string[]]>> = {
  'another container': () => [...CONTAINER],
  'another machine': (sandbox) => {
    const state = join(sandbox.dir, 'state');
    mkdirSync(state);
    const mount = 'mkdir -p /var/lib/twindb-backup && mount --bind "$0" /var/lib/twindb-backup && exec "$@"';
    return [...CONTAINER, 'sh', '-c', mount, state];
  },
};

/** A backup of 40 MB by a neighbour, which has begun to store them and goes on until `end` is called. */
async function startNeighbour(
  sandbox: Sandbox,
  place: Place,
  program: [string, ...string[]],
): Promise<Running & { end(): void }> {
  configure(sandbox, place, makeFolder(sandbox));
  const { path, gate } = holdZstdOpen(sandbox);
  const args = ['backup', '--lock-file', join(sandbox.dir, 'their-lock'), 'daily'];
  const running = sandbox.startUnder(program, args, { PATH: path });
  await until('something half-written appears', async () => (await place.halfWritten()).length > 0);
  return { ...running, end: () => rmSync(gate) };
}

function configure(sandbox: Sandbox, place: Place, folder: string): void {
  sandbox.configure({
    source: { backup_dirs: folder },
    ...place.sections,
    compression: { program: 'zstd' },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

/** A backup of this machine, of a folder of its own. */
function backUpQuickly(sandbox: Sandbox, place: Place): Promise<Result> {
  sandbox.file('quick/file', 'quick');
  configure(sandbox, place, join(sandbox.dir, 'quick'));
  return sandbox.startUnder([...NAMED], ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily']).result;
}

describe.runIf(process.getuid?.() === 0)('a run sweeps while one of the same host name uploads', () => {
  for (const [kind, placeFor] of Object.entries(PLACES)) {
    it.each(Object.entries(NEIGHBOURS))(
      `in %s, to ${kind}: both store their copies`,
      async (where, below) => {
        using sandbox = createSandbox();
        const place = placeFor(sandbox, HOST);
        const neighbour = await startNeighbour(sandbox, place, below(sandbox));
        const writing = await place.halfWritten();
        expect(await backUpQuickly(sandbox, place)).toEqual({
          exitCode: 0,
          signal: null,
          stdout: '',
          stderr: '',
        });
        expect(await place.halfWritten()).toEqual(writing);
        neighbour.end();
        const { stderr, ...ended } = await neighbour.result;
        expect(ended).toEqual({ exitCode: 0, signal: null, stdout: '' });
        // Another machine may find the copy that this one has made meanwhile.
        if (where === 'another machine')
          expect(stderr).toMatch(/^(WARNING: The copies of \S+ so far are of machine [^]*)?$/);
        else expect(stderr).toBe('');
        const copies = (await sandbox.run('ls')).stdout.split('\n');
        const copyOf = (name: string) =>
          copies.find((line) => line.includes(`${sandbox.dir.replaceAll('/', '_')}_${name}-`)) ?? '';
        expect(copyOf('quick')).not.toBe('');
        const dst = join(sandbox.dir, 'restored');
        const restored = await sandbox.run('restore', 'file', copyOf('slow'), '--dst', dst);
        expect([restored.exitCode, restored.stderr]).toEqual([0, '']);
        expect(readdirSync(join(dst, sandbox.dir, 'slow'))).toHaveLength(40);
      },
    );
  }
});

describe.runIf(process.getuid?.() === 0)('what a killed neighbour has left', () => {
  it('is left alone while it is fresh', async () => {
    using sandbox = createSandbox();
    const place = PLACES.local(sandbox);
    const neighbour = await startNeighbour(sandbox, place, [...CONTAINER]);
    const writing = await place.halfWritten();
    neighbour.child.kill('SIGKILL');
    await neighbour.result;
    expect((await backUpQuickly(sandbox, place)).exitCode).toBe(0);
    expect(await place.halfWritten()).toEqual(writing);
  });
});
