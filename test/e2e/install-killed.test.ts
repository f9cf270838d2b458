import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { install } from '../../src/jobs/install/install.ts';
import { readRestored } from '../../src/jobs/install/restored-record.ts';
import { uninstall } from '../../src/jobs/install/uninstall.ts';
import { installRestored } from '../../src/jobs/restore/restore-mysql.ts';
import { type InstallScene, installContext, makeScene, runUntilKilled } from '../fixtures/install-scene.ts';

/** Another file system than that of the scene. */
const ELSEWHERE = `/tmp/twindb-install-${process.pid}`;
/** Where the restored data are, and which points are tried: those on another file system make one step another one. */
const PLACES = [
  ['beside', undefined, { from: 0, to: Number.POSITIVE_INFINITY }],
  ['on another file system', ELSEWHERE, { from: 4, to: 10 }],
] as const;

const STAY = { start: false };

const installHere = async (scene: InstallScene, atPoint?: () => void) =>
  await install(await readRestored(scene.dst), STAY, installContext([], atPoint));

/** Does something, and keeps what is on the disks before and after each of its steps. Returns how many points there are. */
async function keepPoints(
  scene: InstallScene,
  work: (atPoint: () => void) => Promise<unknown>,
): Promise<number> {
  let points = 0;
  await work(() => scene.keep(points++));
  return points;
}

describe.skipIf(process.getuid?.() !== 0)('an install that ends before or after any of its steps', () => {
  it.each(PLACES)(
    'goes on with the next call, restored data %s',
    async (_title, dst, tried) => {
      using scene = await makeScene(dst);
      const points = await keepPoints(scene, (atPoint) => installHere(scene, atPoint));
      expect(points).toBeGreaterThan(tried.from);
      const installed = scene.snapshot();
      expect(installed['data/shop/orders.ibd']).toBe('43210:43210 660 new rows');
      for (let point = tried.from; point < Math.min(points, tried.to); point++) {
        scene.recall(point);
        const said: string[] = [];
        await installRestored(scene.dst, STAY, installContext(said)).catch((error: unknown) => {
          throw new Error(`at point ${point}`, { cause: error });
        });
        expect(said[0]).toMatch(
          /^The install of .* interrupted at step \d+ of \d+: .* It goes on from there$/,
        );
        expect([point, scene.snapshot()]).toEqual([point, installed]);
        expect(existsSync(scene.dst)).toBe(false);
      }
    },
    300_000,
  );

  it.each(PLACES)(
    'goes back with --uninstall, and the restored data stay complete, restored data %s',
    async (_title, dst, tried) => {
      using scene = await makeScene(dst);
      const before = scene.snapshot();
      const points = await keepPoints(scene, (atPoint) => installHere(scene, atPoint));
      expect(points).toBeGreaterThan(tried.from);
      for (let point = tried.from; point < Math.min(points, tried.to); point++) {
        scene.recall(point);
        await uninstall(scene.place, STAY, installContext()).catch((error: unknown) => {
          throw new Error(`at point ${point}`, { cause: error });
        });
        expectAsBefore(scene, before, point);
      }
    },
    300_000,
  );

  it('so does an uninstall', async () => {
    using scene = await makeScene();
    const before = scene.snapshot();
    await installHere(scene);
    const points = await keepPoints(scene, (atPoint) =>
      uninstall(scene.place, STAY, installContext([], atPoint)),
    );
    for (let point = 0; point < points; point++) {
      scene.recall(point);
      const said: string[] = [];
      await uninstall(scene.place, STAY, installContext(said));
      expect(said[0]).toMatch(/^The uninstall of .* was interrupted at step \d+ of \d+: /);
      expectAsBefore(scene, before, point);
    }
  }, 300_000);

  it('stops between two steps when it is interrupted, and says where', async () => {
    using scene = await makeScene();
    const ending = new AbortController();
    const said: string[] = [];
    let points = 0;
    const context = installContext(said, () => {
      points += 1;
      if (points === 8) ending.abort(new InterruptedError('SIGTERM'));
    });
    const work = install(await readRestored(scene.dst), STAY, { ...context, signal: ending.signal });
    await expect(work).rejects.toThrow('Interrupted by SIGTERM');
    expect(said.at(-1)).toMatch(
      /^Stopped at step 5 of \d+, .*To go on: .* --install --dst .* To go back: .* --uninstall /,
    );
    await installRestored(scene.dst, STAY, installContext());
    expect(scene.snapshot()['data/shop/orders.ibd']).toContain('new rows');
  }, 60_000);

  it.each([3, 8, 15])(
    'and a process that is killed is no other case (%i)',
    async (count) => {
      using scene = await makeScene();
      const before = scene.snapshot();
      expect(runUntilKilled('install', scene.dst, count)).toBe(true);
      if (count === 8) expect(runUntilKilled('install', scene.dst, 3)).toBe(true);
      await uninstall(scene.place, STAY, installContext());
      expectAsBefore(scene, before, count);
    },
    60_000,
  );
});

/** All is where it was, and every restored file is where they are now: in the folder of the restore, or in that of the install. */
function expectAsBefore(scene: InstallScene, before: Readonly<Record<string, string>>, point: number): void {
  const isOld = (path: string) => !path.startsWith('restored');
  const old = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).filter(([path]) => isOld(path)));
  const now = old(scene.snapshot());
  // An empty folder that the restored server would have had its undo logs in.
  delete now['undo'];
  expect([point, now]).toEqual([point, old(before)]);
  const aside = join(scene.place, 'restored');
  expect(existsSync(scene.dst) && existsSync(aside)).toBe(false);
  const files = readdirSync(existsSync(scene.dst) ? scene.dst : aside, { recursive: true, encoding: 'utf8' });
  for (const name of ['ibdata1', 'ib_logfile0', 'undo001', 'shop/orders.ibd', 'mysql/user.frm'])
    expect(files.filter((file) => file.endsWith(name))).toHaveLength(1);
}
