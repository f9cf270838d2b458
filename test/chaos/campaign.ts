import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { FAULTS } from './faults.ts';
import { judgePoint, type Verdict } from './judgement.ts';
import { nameOf, nextObstacleOf, obstacleOf, type Point, pointsOf, randomFrom, shuffle } from './points.ts';
import { SCENES, type Scene } from './scenes.ts';
import { openWorld, type World } from './world.ts';

export interface CampaignOptions {
  readonly seed: number;
  /** Which are tried of the points that the tables choose, in an order that is random, or of all; the former by default. */
  readonly choose?: (chosen: readonly Point[], all: readonly Point[]) => readonly Point[];
  readonly scenes?: readonly Scene[];
  /** Points that are not begun by then are left out. Milliseconds from when the worlds are there. */
  readonly limit?: number;
  /** What an earlier campaign has found, which is not tried again. */
  readonly found?: readonly Judged[];
  /** How many points are tried at once. */
  readonly lanes: number;
  /** Called after each point. */
  readonly report?: (point: Point, verdict: Verdict) => void;
}

/** A point, and what was found there. */
export interface Judged {
  readonly point: string;
  readonly outcome: Verdict['outcome'];
  readonly violations: readonly string[];
}

export interface CampaignResult {
  readonly judged: readonly Judged[];
  /** Points that the tables have. */
  readonly possible: number;
  readonly leftOut: number;
}

/** A lane works in worlds of its own. */
type Lane = (scene: Scene) => Promise<World>;

export async function runCampaign(lab: Lab, options: CampaignOptions): Promise<CampaignResult> {
  const { seed, scenes = SCENES, choose = (points) => points, limit = Number.POSITIVE_INFINITY } = options;
  const parent = mkdtempSync(join(placeInMemory(), 'chaos-'));
  const opened: World[] = [];
  const openLane = (name: string): Lane => {
    const worlds = new Map<string, Promise<World>>();
    mkdirSync(join(parent, name));
    return (scene) => {
      const world = worlds.get(scene.name) ?? openWorld(scene, join(parent, name), lab);
      worlds.set(scene.name, world);
      void world.then(
        (each) => opened.includes(each) || opened.push(each),
        () => {},
      );
      return world;
    };
  };
  const lanes = Array.from({ length: options.lanes }, (_, index) => openLane(String(index)));
  // Each lane has a scene that it begins with, as a world takes as long to make as some points. One server of MySQL is enough for a machine.
  const files = scenes.filter(({ source }) => source === 'files');
  const isFor = (scene: Scene, lane: number): boolean =>
    scene.source === 'mysql' || lanes.length === 1
      ? lane === 0
      : lane > 0 && files[(lane - 1) % files.length] === scene;
  const homeOf = (scene: Scene): Lane => {
    const at = lanes.findIndex((_, index) => isFor(scene, index));
    return lanes[Math.max(at, 0)] as Lane;
  };
  const judged: Judged[] = [...(options.found ?? [])];
  const known = new Set(judged.map(({ point }) => point));
  try {
    const found = await Promise.all(
      scenes.map(async (scene, index) => {
        const { tried, possible } = pointsOf(await homeOf(scene)(scene), randomFrom(seed + index));
        const points = choose(shuffle(tried, randomFrom(seed - index)), possible);
        return { points, possible: possible.length };
      }),
    );
    const possible = found.reduce((sum, each) => sum + each.possible, 0);
    const queue = shuffle(
      found.flatMap(({ points }) => points.filter((point) => !known.has(nameOf(point)))),
      randomFrom(seed),
    );
    const deadline = performance.now() + limit;
    await Promise.all(
      lanes.map(async (lane, index) => {
        const take = (): Point | undefined => {
          const own = queue.findIndex(({ scene }) => isFor(scene, index));
          const at = own === -1 ? queue.findIndex(({ scene }) => scene.source === 'files') : own;
          return at === -1 ? undefined : queue.splice(at, 1)[0];
        };
        for (let point = take(); point !== undefined; point = take()) {
          if (performance.now() > deadline) {
            queue.unshift(point);
            return;
          }
          const world = await lane(point.scene);
          const verdict = await judgePoint(
            world,
            obstacleOf(point, world),
            point.fault,
            nextObstacleOf(point, world, seed),
          );
          judged.push({ point: nameOf(point), outcome: verdict.outcome, violations: verdict.violations });
          options.report?.(point, verdict);
        }
      }),
    );
    return { judged, possible, leftOut: queue.length };
  } finally {
    for (const world of opened) await world[Symbol.asyncDispose]();
    rmSync(parent, { recursive: true, force: true });
  }
}

/** tmpfs where there is one: each point makes and removes some hundred files, and waits for each fsync. */
function placeInMemory(): string {
  try {
    rmSync(mkdtempSync('/dev/shm/chaos-'), { recursive: true });
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** The table of docs/reliability.md: a row for each fault, all scenes together, and one for each scene. */
export function formatTable({ judged, possible, leftOut }: CampaignResult): string {
  const row = (name: string, chosen: readonly Judged[]): string => {
    const intact = chosen.filter(({ violations }) => violations.length === 0);
    const count = (wanted: Verdict['outcome']) => intact.filter(({ outcome }) => outcome === wanted).length;
    const outcomes = [count('done'), count('failed'), count('killed'), count('not reached')];
    return `| ${[name, chosen.length, ...outcomes, chosen.length - intact.length].join(' | ')} |`;
  };
  const head = (first: string): string[] => [
    `| ${first} | points | done | failed | killed | not reached | promise broken |`,
    '|---|---|---|---|---|---|---|',
  ];
  /** A name is `SCENE/FAULT/N`. */
  const rows = (names: readonly string[], part: 0 | 1) =>
    names.flatMap((name) => {
      const chosen = judged.filter(({ point }) => point.split('/')[part] === name);
      return chosen.length === 0 ? [] : [row(name, chosen)];
    });
  return [
    ...head('fault'),
    ...rows(
      FAULTS.map(({ name }) => name),
      1,
    ),
    row('all', judged),
    '',
    ...head('scene'),
    ...rows(
      SCENES.map(({ name }) => name),
      0,
    ),
    '',
    `${judged.length} of ${possible} points that the tables name; ${leftOut} were left out as the time was up.`,
  ].join('\n');
}

/** A broken promise, and how to see it again. */
export function describeViolation(seed: number, point: Point, { run, violations }: Verdict): string {
  const end = `exit ${run.exitCode ?? run.signal}, ${JSON.stringify(run.stderr)}`;
  const lines = violations.map((each) => `  - ${each}`);
  return [
    `CHAOS_SEED=${seed} CHAOS_POINT='${nameOf(point)}' make chaos`,
    `  at ${run.at}; the run: ${end}`,
    ...lines,
  ].join('\n');
}
