import { FAULTS, type Fault } from './faults.ts';
import type { Scene } from './scenes.ts';
import type { Obstacle, World } from './world.ts';

/** One fault at one place of one scene's run. */
export interface Point {
  readonly scene: Scene;
  readonly fault: Fault;
  /** Counts from 1. */
  readonly nth: number;
}

/** Into so many parts the traffic of SSH is cut. */
const PARTS = 24;

export const nameOf = ({ scene, fault, nth }: Point): string => `${scene.name}/${fault.name}/${nth}`;

/** A small generator of random numbers that a seed repeats: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = items.map((item) => ({ item, at: random() }));
  return shuffled.toSorted((a, b) => a.at - b.at).map(({ item }) => item);
}

/** All points of a world's scene, and those of them that are tried. */
export function pointsOf(
  world: World,
  random: () => number,
): { readonly tried: Point[]; readonly possible: Point[] } {
  const { scene } = world;
  const possible: Point[] = [];
  const tried = FAULTS.flatMap((fault) => {
    const count = countPoints(fault, world);
    const all = Array.from({ length: count }, (_, index) => ({ scene, fault, nth: index + 1 }));
    possible.push(...all);
    const wanted = Math.ceil((fault.points ?? count) * scene.share);
    return wanted >= count ? all : shuffle(all, random).slice(0, wanted);
  });
  return { tried, possible };
}

function countPoints({ injection, network }: Fault, { scene, calls, traffic }: World): number {
  if (injection !== undefined) return calls.filter((call) => new RegExp(injection.calls).test(call)).length;
  if (scene.destination === 's3') return traffic.requests;
  return scene.destination === 'ssh' && network !== 'slow-down' ? PARTS : 0;
}

/** What is put in the way of the run. */
export function obstacleOf({ fault, nth }: Point, { scene, traffic }: World): Obstacle {
  const { injection, second, network } = fault;
  if (injection !== undefined) {
    return {
      injections: [{ ...injection, nth }, ...(second === undefined ? [] : [{ ...second, after: 0 }])],
    };
  }
  if (network === undefined) return {};
  const isOfAnswer = network === 'cut-answer' || network === 'half-answer';
  const bytes = isOfAnswer ? traffic.down : traffic.up;
  return {
    network: {
      fault: network,
      nth: scene.destination === 's3' ? nth : Math.ceil((bytes * (nth - 0.5)) / PARTS),
    },
  };
}

/** What is put in the way of the run after it: the same for the same point and seed. */
export function nextObstacleOf({ fault, nth }: Point, { calls }: World, seed: number): Obstacle | undefined {
  const { nextRun } = fault;
  if (nextRun === undefined) return undefined;
  const count = calls.filter((call) => new RegExp(nextRun.calls).test(call)).length;
  return { injections: [{ ...nextRun, nth: 1 + Math.floor(randomFrom(seed + nth)() * count) }] };
}
