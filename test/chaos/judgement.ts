import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../e2e/cli.ts';
import { expectReadable } from '../e2e/messages.ts';
import type { Fault } from './faults.ts';
import { idOf, type Obstacle, type ObstructedRun, type ShownCopy, shown, type World } from './world.ts';

/** How a run ended that met a fault, when nothing is wrong with what it left. */
export type Outcome =
  /** Exit 0: the copy is listed and restores. */
  | 'done'
  /** Another exit code and a message: the earlier copies restore. */
  | 'failed'
  /** SIGKILL: the earlier copies restore. */
  | 'killed'
  /** The run ended before it got to this point: the order of calls differs a little from run to run. */
  | 'not reached';

export interface Verdict {
  readonly outcome: Outcome;
  /** Promises that were broken; each a line. */
  readonly violations: readonly string[];
  /** Copies without an entry in a status: complete, and marked by `ls`. */
  readonly unlisted: number;
  readonly run: ObstructedRun;
}

/** Puts the obstacle in the way of a run, and looks at everything that users have of it. */
export async function judgePoint(
  world: World,
  obstacle: Obstacle,
  fault: Pick<Fault, 'leavesNothing'>,
  next?: Obstacle,
): Promise<Verdict> {
  const violations: string[] = [];
  const broken = (what: string): void => void violations.push(what);
  await world.reset();
  const generations = new Map(world.before);
  const generation = await world.source.advance();
  const run = await world.runInto(obstacle);
  const outcome = outcomeOf(run);
  if (!run.fired) return { outcome: 'not reached', violations, unlisted: 0, run };
  violations.push(...problemsOfRun(run));
  for (const orphan of run.orphans) broken(`a program goes on: ${orphan}`);
  if (fault.leavesNothing && run.signal !== 'SIGKILL')
    for (const left of await world.leftovers()) broken(`the interrupted run has left ${left}`);

  const restored = new Set<string>();
  const after = await look(world, generations, generation, restored, broken, 'after the fault');
  if (outcome === 'done') requireNew(world, after, world.before, 'exit 0', broken);
  requireEarlier(world, after, broken);

  if (next !== undefined) await world.runInto(next);
  const known = new Set(generations.keys());
  const last = await world.source.advance();
  const clean = await world.run('config', 'backup', '--lock-file', join(world.dir, 'lock'), 'hourly');
  if (clean.exitCode !== 0 || /^ERROR/m.test(clean.stderr)) broken(`the next run fails: ${textOf(clean)}`);
  violations.push(...noiseIn(clean));
  // The run that was killed in between may have made a copy of the content before.
  if (next !== undefined) await attribute(world, generations, last);
  const finally_ = await look(world, generations, last, restored, broken, 'after the next run');
  requireNew(world, finally_, known, 'the next run', broken);
  for (const left of await world.leftovers()) broken(`the next run has left ${left}`);
  return { outcome, violations: violations.map(shorten(world)), unlisted: countUnlisted(after), run };
}

function outcomeOf({ exitCode, signal }: Result): Outcome {
  if (signal === 'SIGKILL') return 'killed';
  return exitCode === 0 ? 'done' : 'failed';
}

function problemsOfRun(run: Result): string[] {
  const problems = noiseIn(run);
  if (run.stderr.includes('CHAOS: hangs')) problems.push('the run hangs');
  const isSilent = run.exitCode !== 0 && run.signal !== 'SIGKILL' && !/^ERROR: /m.test(run.stderr);
  if (isSilent) problems.push(`the run fails without a message: ${textOf(run)}`);
  return problems;
}

const CLASS_NAME = /\b[A-Z]\w+Error: |ExperimentalWarning|MaxListeners|Unhandled/;

/** Stack traces, class names and other noise in what a run said. */
function noiseIn(run: Result): string[] {
  const stderr = run.stderr.replaceAll(/E[A-Z]+: injected[^\n]*/g, 'the injected error');
  if (CLASS_NAME.test(stderr)) return [`noise on stderr: ${textOf(run)}`];
  try {
    expectReadable({ ...run, stderr });
    return [];
  } catch {
    return [`noise on stderr: ${textOf(run)}`];
  }
}

const textOf = ({ exitCode, signal, stderr }: Result): string =>
  `exit ${exitCode ?? signal}, ${JSON.stringify(stderr)}`;

const shorten =
  ({ dir }: World) =>
  (text: string): string =>
    text.replaceAll(`${dir}/`, '').slice(0, 1500);

/** `ls`, `check`, and a restore of each copy whose content is compared. Copies that are new are of `generation`; one that was restored before is not again. */
async function look(
  world: World,
  generations: Map<string, number>,
  generation: number,
  restored: Set<string>,
  broken: (what: string) => void,
  when: string,
): Promise<ShownCopy[]> {
  let copies: ShownCopy[] = [];
  try {
    copies = await shown(world);
  } catch (error) {
    broken(`${when}: ${(error as Error).message}`);
  }
  const check = await world.run('config', 'check', '--json');
  if (check.exitCode !== 0) broken(`${when}: check fails: ${textOf(check)}${problemsIn(check.stdout)}`);
  for (const copy of copies) {
    if (restored.has(idOf(copy))) continue;
    restored.add(idOf(copy));
    if (!generations.has(idOf(copy))) generations.set(idOf(copy), generation);
    const problem = await restore(world, copy, generations.get(idOf(copy)) ?? generation);
    if (problem !== undefined)
      broken(`${when}: ${copy.listed ? 'the listed' : 'the unlisted'} copy ${copy.location} ${problem}`);
  }
  return copies;
}

function problemsIn(json: string): string {
  try {
    const { copies } = JSON.parse(json) as {
      copies: { state: string; location: string; reason: string | null }[];
    };
    const bad = copies.filter(({ state }) => !/^(listed|unlisted|adopted|expired)$/.test(state));
    return bad.map(({ state, location, reason }) => ` ${location} is ${state}: ${reason}`).join(';');
  } catch {
    return '';
  }
}

const COMMANDS = {
  files: ['restore', 'file'],
  mysql: ['restore', 'mysql'],
  binlog: ['restore', 'binlog'],
} as const;

/** What is wrong with a copy when it is restored; undefined: it has the content of that generation. */
async function restore(world: World, copy: ShownCopy, generation: number): Promise<string | undefined> {
  const dst = join(world.dir, 'restored');
  rmSync(dst, { recursive: true, force: true });
  const from = copy.place === 'remote' ? 'remote' : 'config';
  // A copy without an entry is one that nothing vouches for.
  const trust = copy.listed ? [] : ['--accept-unauthenticated'];
  const result = await world.run(from, ...COMMANDS[copy.type], copy.location, '--dst', dst, ...trust);
  if (result.exitCode !== 0) return `does not restore: ${textOf(result)}`;
  const log = copy.name.replace(/\.gz(\.gpg)?$/, '');
  const problem =
    copy.type === 'binlog'
      ? world.source.compareLog(join(dst, log), log)
      : world.source.compare(dst, generation);
  return problem && `was restored wrongly: it ${problem}`;
}

/** What a run in between has made is of the content before the last one. */
async function attribute(world: World, generations: Map<string, number>, last: number): Promise<void> {
  for (const copy of await shown(world).catch(() => [])) {
    if (generations.has(idOf(copy)) || copy.type === 'binlog') continue;
    if ((await restore(world, copy, last)) !== undefined) generations.set(idOf(copy), last - 1);
  }
}

const placesOf = ({ scene }: World): readonly ('local' | 'remote')[] =>
  scene.guarded ? ['remote', 'local'] : ['remote'];

/** A run that says that it is done has left a listed copy in each place. */
function requireNew(
  world: World,
  copies: readonly ShownCopy[],
  known: ReadonlyMap<string, number> | ReadonlySet<string>,
  who: string,
  broken: (what: string) => void,
): void {
  for (const place of placesOf(world)) {
    const isNew = (copy: ShownCopy): boolean =>
      copy.place === place &&
      copy.type === world.scene.source &&
      copy.listed === true &&
      !known.has(idOf(copy));
    if (!copies.some(isNew)) broken(`${who}: no new copy is listed in the ${place} place`);
  }
}

/** Of the copies from before, the oldest one may have made room for a new one that is listed. */
function requireEarlier(world: World, copies: readonly ShownCopy[], broken: (what: string) => void): void {
  const listed = new Set(copies.filter((copy) => copy.listed).map(idOf));
  for (const place of placesOf(world)) {
    const earlier = [...world.before.keys()].filter(
      (id) => id.startsWith(`${place} `) && id.includes(`/${world.scene.source}/`),
    );
    const lost = earlier.filter((id) => !listed.has(id));
    const made = copies.filter(
      (copy) =>
        copy.place === place &&
        copy.listed &&
        copy.type === world.scene.source &&
        !world.before.has(idOf(copy)),
    ).length;
    if (lost.length > made) broken(`earlier copies are lost: ${lost.join(', ')}`);
  }
}

const countUnlisted = (copies: readonly ShownCopy[]): number =>
  copies.filter(({ listed }) => listed === false).length;
