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

/** What ends the process, or is told to all of it. */
const ENDS_PROCESS = /^(kill-(before|after|sent)|signal)$/;

const needsOwnProcess = ({ injection, second }: Fault): boolean =>
  [injection, second].some((each) => each !== undefined && ENDS_PROCESS.test(each.do));

const callsOf = ({ calls }: World, inOwnProcess: boolean, pattern: string): number =>
  calls[inOwnProcess ? 'alone' : 'warm'].filter((call) => new RegExp(pattern).test(call)).length;

function countPoints(fault: Fault, world: World): number {
  const { injection, network } = fault;
  if (injection !== undefined) return callsOf(world, needsOwnProcess(fault), injection.calls);
  if (world.scene.destination === 's3') return world.traffic.requests;
  return world.scene.destination === 'ssh' && network !== 'slow-down' ? PARTS : 0;
}

/** What is put in the way of the run. */
export function obstacleOf({ fault, nth }: Point, { scene, traffic }: World): Obstacle {
  const { injection, second, network } = fault;
  if (injection !== undefined) {
    const injections = [{ ...injection, nth }, ...(second === undefined ? [] : [{ ...second, after: 0 }])];
    return { injections, inOwnProcess: needsOwnProcess(fault) };
  }
  if (network === undefined) return {};
  const isOfAnswer = network === 'cut-answer' || network === 'half-answer';
  const bytes = isOfAnswer ? traffic.down : traffic.up;
  const at = scene.destination === 's3' ? nth : Math.ceil((bytes * (nth - 0.5)) / PARTS);
  return { network: { fault: network, nth: at } };
}

/** What is put in the way of the run after it: the same for the same point and seed. */
export function nextObstacleOf({ fault, nth }: Point, world: World, seed: number): Obstacle | undefined {
  const { nextRun } = fault;
  if (nextRun === undefined) return undefined;
  const count = callsOf(world, true, nextRun.calls);
  const at = 1 + Math.floor(randomFrom(seed + nth)() * count);
  return { injections: [{ ...nextRun, nth: at }], inOwnProcess: true };
}
