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

/** What is known of a world while it is looked at. */
interface Inspection {
  readonly world: World;
  /** Which content each copy has to have. */
  readonly generations: Map<string, number>;
  /** Copies that were restored already. */
  readonly restored: Set<string>;
  /** The run has said that its copies are not signed, as its key could not be read: they are taken as such. */
  readonly acceptsUnsigned: boolean;
  readonly broken: (what: string) => void;
}

const ACCEPT = '--accept-unauthenticated';

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
  const generation = await world.source.advance();
  const run = await world.runInto(obstacle);
  const outcome = outcomeOf(run);
  if (!run.fired) return { outcome: 'not reached', violations, unlisted: 0, run };
  violations.push(...problemsOfRun(run));
  for (const orphan of run.orphans) broken(`a program goes on: ${orphan}`);
  if (fault.leavesNothing && run.signal !== 'SIGKILL')
    for (const left of await world.leftovers()) broken(`the interrupted run has left ${left}`);

  const inspection: Inspection = {
    world,
    generations: new Map(world.before),
    restored: new Set(),
    acceptsUnsigned: /copies .*are not signed/.test(run.stderr),
    broken,
  };
  const after = await look(inspection, generation, 'after the fault');
  if (outcome === 'done') requireNew(inspection, after, new Set(world.before.keys()), 'exit 0');
  requireEarlier(inspection, after);
  await judgeNextRun(inspection, next);
  return { outcome, violations: violations.map(shorten(world)), unlisted: countUnlisted(after), run };
}

/** The run after it, which `next` is put in the way of first: it succeeds, and what was left is gone. */
async function judgeNextRun(inspection: Inspection, next?: Obstacle): Promise<void> {
  const { world, broken, generations } = inspection;
  if (next !== undefined) await world.runInto(next);
  const known = new Set(generations.keys());
  const last = await world.source.advance();
  const clean = await world.run('config', 'backup', '--lock-file', join(world.dir, 'lock'), 'hourly');
  if (clean.exitCode !== 0 || /^ERROR/m.test(clean.stderr)) broken(`the next run fails: ${textOf(clean)}`);
  for (const noise of noiseIn(clean)) broken(noise);
  const copies = await shown(world).catch(() => []);
  // The run that was killed in between may have made a copy of the content before.
  if (next !== undefined) await attribute(inspection, copies, last);
  requireNew(inspection, await look(inspection, last, 'after the next run'), known, 'the next run');
  for (const left of await world.leftovers()) broken(`the next run has left ${left}`);
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
  { world, generations, restored, acceptsUnsigned, broken }: Inspection,
  generation: number,
  when: string,
): Promise<ShownCopy[]> {
  let copies: ShownCopy[] = [];
  try {
    copies = await shown(world);
  } catch (error) {
    broken(`${when}: ${(error as Error).message}`);
  }
  const check = await world.run('config', 'check', '--json', ...(acceptsUnsigned ? [ACCEPT] : []));
  if (check.exitCode !== 0) broken(`${when}: check fails: ${textOf(check)}${problemsIn(check.stdout)}`);
  for (const copy of copies) {
    const id = idOf(copy);
    if (restored.has(id)) continue;
    restored.add(id);
    const expected = generations.get(id) ?? generation;
    generations.set(id, expected);
    // A copy without an entry is one that nothing vouches for.
    const problem = await restore(world, copy, expected, acceptsUnsigned || !copy.listed);
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
async function restore(
  world: World,
  copy: ShownCopy,
  generation: number,
  accept: boolean,
): Promise<string | undefined> {
  const dst = join(world.dir, 'restored');
  rmSync(dst, { recursive: true, force: true });
  const from = copy.place === 'remote' ? 'remote' : 'config';
  const words = [...COMMANDS[copy.type], copy.location, '--dst', dst, ...(accept ? [ACCEPT] : [])];
  const result = await world.run(from, ...words);
  // What it continues is in its entry: `check --adopt` reads it from the copy.
  const isHalf = !copy.listed && /it is an incremental copy, and no status names/.test(result.stderr);
  if (isHalf) return undefined;
  if (result.exitCode !== 0) return `does not restore: ${textOf(result)}`;
  const log = copy.name.replace(/\.gz(\.gpg)?$/, '');
  const problem =
    copy.type === 'binlog'
      ? world.source.compareLog(join(dst, log), log)
      : world.source.compare(dst, generation);
  return problem && `was restored wrongly: it ${problem}`;
}

/** What a run in between has made is of the content before the last one. */
async function attribute(
  { world, generations }: Inspection,
  copies: readonly ShownCopy[],
  last: number,
): Promise<void> {
  for (const copy of copies) {
    if (generations.has(idOf(copy)) || copy.type === 'binlog') continue;
    if ((await restore(world, copy, last, true)) !== undefined) generations.set(idOf(copy), last - 1);
  }
}

const placesOf = ({ scene }: World): readonly ('local' | 'remote')[] =>
  scene.guarded ? ['remote', 'local'] : ['remote'];

/** A run that says that it is done has left a listed copy in each place. */
function requireNew(
  { world, broken }: Inspection,
  copies: readonly ShownCopy[],
  known: ReadonlySet<string>,
  who: string,
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
function requireEarlier({ world, broken }: Inspection, copies: readonly ShownCopy[]): void {
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
