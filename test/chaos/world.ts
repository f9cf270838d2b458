import { type ChildProcess, fork, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { destinationSections, formatSections, type Result, type Sandbox } from '../e2e/cli.ts';
import type { Lab } from '../lab/lab.ts';
import type { Injection, NetworkFault } from './faults.ts';
import { httpWay, tcpWay, type Way } from './network.ts';
import { bucketRepository, folderRepository, partialsIn, type Repository } from './repositories.ts';
import type { Scene } from './scenes.ts';
import { fileSource, mysqlSource, type Source } from './sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');

/** Longer than this no command takes here, on a busy machine either: it hangs. Milliseconds. */
const LIMIT_MS = 240_000;

/** How long programs may go on after the run that has started them was killed. */
const ORPHANS_MS = 10_000;

/** Kept of the copies, one less than there would be: each run removes one as well. */
const COPIES = { hourly_copies: 2 } as const;

/** What `inject.mjs` is told. */
interface Plan {
  readonly log: string;
  readonly injections: readonly NthInjection[];
}

type NthInjection = Injection & { readonly nth: number; readonly after?: number };

/** What is put in the way of one run. */
export interface Obstacle {
  readonly injections?: readonly NthInjection[];
  readonly network?: { readonly fault: NetworkFault; readonly nth: number };
  /** For what ends a process. Others run in one that has run commands before, which takes a third of the time. */
  readonly inOwnProcess?: boolean;
}

/** A run into an obstacle. */
export interface ObstructedRun extends Result {
  /** Whether it got as far as there. */
  readonly fired: boolean;
  /** Where: the name of the call, and its object. */
  readonly at: string;
  /** Of all calls, in their order. */
  readonly calls: readonly string[];
  /** What this run has started, and is still there. */
  readonly orphans: readonly string[];
}

/** One scene in a folder of its own, with what two runs have left in it. Its paths are always the same, as statuses hold them. */
export interface World extends AsyncDisposable {
  readonly scene: Scene;
  readonly dir: string;
  readonly source: Source;
  readonly way: Way | undefined;
  /** Copies that were made before the fault: the generation of each, by place and key. */
  readonly before: ReadonlyMap<string, number>;
  /** The calls of runs without a fault, in their order: in a process of its own, and in one that has run commands before. */
  readonly calls: { readonly alone: readonly string[]; readonly warm: readonly string[] };
  /** What that run sent and got. */
  readonly traffic: ReturnType<Way['seen']>;
  /** Everything as it was after those two runs. */
  reset(): Promise<void>;
  /** `backup hourly`. */
  runInto(obstacle: Obstacle): Promise<ObstructedRun>;
  /** Any command, through the same code. `from` says which configuration: that of restores from the destination has no keep_local_path. */
  run(from: 'config' | 'remote', ...words: string[]): Promise<Result>;
  /** Half-written objects, uploads, the lock, temporary files. */
  leftovers(): Promise<string[]>;
}

/** `parent` is a short path, on tmpfs where there is one. */
export async function openWorld(scene: Scene, parent: string, lab: Lab): Promise<World> {
  const dir = join(parent, scene.name);
  const [kept, calls] = [join(dir, 'kept'), join(dir, 'calls')];
  for (const name of ['tmp', 'home']) mkdirSync(join(dir, name), { recursive: true });
  const source = scene.source === 'files' ? fileSource(join(dir, 'data'), scene.bytes) : await mysqlSource();
  // sshd is on this machine, so its folder may be in memory as well.
  const folder = { backup_dir: join(dir, 'repository') };
  const sections = destinationSections(scene.destination, { dir } as Sandbox, lab);
  const bucket = `chaos-${process.pid}-${scene.name}-${parent.split('/').at(-1)}`.toLowerCase();
  const repository: Repository =
    scene.destination === 's3' ? await bucketRepository(bucket) : folderRepository(folder.backup_dir);
  const way =
    scene.destination === 's3'
      ? await httpWay(lab.s3.endpoint)
      : scene.destination === 'ssh'
        ? await tcpWay(lab.ssh.port)
        : undefined;
  const configs = {
    faulted: join(dir, 'faulted.cfg'),
    config: join(dir, 'config.cfg'),
    remote: join(dir, 'remote.cfg'),
  };
  for (const [which, file] of Object.entries(configs)) {
    const isFaulted = which === 'faulted' && way !== undefined;
    const own = {
      local: folder,
      ssh: { ...folder, known_hosts: join(dir, 'known_hosts'), ...(isFaulted && { port: way.port }) },
      s3: { BUCKET: bucket, ...(isFaulted && { endpoint_url: `http://127.0.0.1:${way.port}` }) },
    };
    const { destination } = scene;
    const text = formatSections({
      ...sections,
      ...source.sections,
      [destination]: { ...sections[destination], ...own[destination] },
      destination: {
        ...sections['destination'],
        ...(scene.guarded && which !== 'remote' && { keep_local_path: kept }),
      },
      ...(scene.guarded && {
        gpg: {
          recipient: lab.gpg.recipient,
          keyring: lab.gpg.keyring,
          secret_keyring: lab.gpg.secretKeyring,
        },
      }),
      integrity: { key_file: join(dir, 'integrity.key') },
      retention: COPIES,
      retention_local: COPIES,
      measures: { log: join(dir, 'measures.log') },
    });
    writeFileSync(file, text, { mode: 0o600 });
  }
  // Each library is slow to load.
  const libraries = [
    ...(scene.destination === 'ssh' ? ['ssh2'] : []),
    ...(scene.source === 'mysql' ? ['mysql2'] : []),
  ];
  const env = { ...environment(dir), CHAOS_LIBRARIES: libraries.join(',') };
  const judge = startJudge(env);
  const saved = join(dir, 'saved');
  const own = ['kept', 'integrity.key', 'measures.log', 'known_hosts'];
  const before = new Map<string, number>();
  const world: World = {
    scene,
    dir,
    source,
    way,
    before,
    calls: { alone: [], warm: [] },
    traffic: { requests: 0, up: 0, down: 0 },
    async reset() {
      await repository.reset();
      for (const name of [...own, 'tmp', 'lock.lock'])
        rmSync(join(dir, name), { recursive: true, force: true });
      mkdirSync(join(dir, 'tmp'));
      cpSync(saved, dir, { recursive: true, preserveTimestamps: true });
    },
    async runInto({ injections = [], network, inOwnProcess = false }) {
      way?.arm(network?.fault, network?.nth);
      rmSync(calls, { force: true });
      const plan = { log: calls, injections };
      const words = ['--config', configs.faulted, 'backup', '--lock-file', join(dir, 'lock'), 'hourly'];
      const result = inOwnProcess ? await runAlone(words, plan, env) : await judge.run(words, plan);
      // The process of the run is over, and what it has left is a dead one's.
      if (!inOwnProcess && (await world.leftovers()).length > 0) judge.restart();
      const lines = existsSync(calls) ? readFileSync(calls, 'utf8').split('\n') : [];
      const fired = lines.filter((line) => line.startsWith('fired '));
      const children = lines
        .filter((line) => line.startsWith('child '))
        .map((line) => Number(line.split(' ')[1]));
      return {
        ...result,
        fired: fired.length > 0 || way?.fired() === true,
        at: fired.join('; ').replaceAll('fired ', '').replaceAll(`${dir}/`, ''),
        calls: lines.filter((line) => line.startsWith('call ')).map((line) => line.split(' ')[1] ?? ''),
        orphans: await waitForOrphans(children, dir),
      };
    },
    run: (from, ...words) => judge.run(['--config', configs[from], ...words]),
    async leftovers() {
      return [
        ...(await repository.leftovers()),
        ...partialsIn(kept),
        ...readdirSync(join(dir, 'tmp')).map((name) => join(dir, 'tmp', name)),
        ...readdirSync(dir).filter(
          (name) => name.startsWith('lock.lock') || /measures\.log.+|integrity\.key.+/.test(name),
        ),
      ];
    },
    async [Symbol.asyncDispose]() {
      judge.end();
      await way?.[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      repository[Symbol.dispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  const undisturbed = await makeBefore(world);
  const traffic = way?.seen() ?? { requests: 0, up: 0, down: 0 };
  await repository.save();
  mkdirSync(saved);
  for (const name of own) {
    if (existsSync(join(dir, name)))
      cpSync(join(dir, name), join(saved, name), { recursive: true, preserveTimestamps: true });
  }
  return { ...world, calls: undisturbed, traffic };
}

/** A copy as `ls --json` shows it. */
export interface ShownCopy {
  readonly place: 'local' | 'remote';
  readonly location: string;
  readonly key: string;
  readonly type: 'files' | 'mysql' | 'binlog';
  readonly name: string;
  readonly listed: boolean | null;
}

/** How a copy is called in `before`. */
export const idOf = ({ place, key }: ShownCopy): string => `${place} ${key}`;

/** Some runs before the fault, so that the next one removes a copy as well. Returns the calls of two that are as those that meet faults. */
async function makeBefore(world: World): Promise<World['calls']> {
  const { scene, source, dir } = world;
  const before = world.before as Map<string, number>;
  const backUp = (runType: string) =>
    world.run('config', 'backup', '--lock-file', join(dir, 'lock'), runType);
  // Of MySQL the full copy comes first, and the others are incremental.
  const early = [...(scene.source === 'mysql' ? ['daily'] : []), 'hourly', 'hourly'];
  const step = async <R extends Result>(run: () => Promise<R>): Promise<R> => {
    const generation = await source.advance();
    const result = await run();
    if (result.exitCode !== 0) throw new Error(`A run without a fault failed: ${result.stderr}`);
    for (const copy of await shown(world)) if (!before.has(idOf(copy))) before.set(idOf(copy), generation);
    return result;
  };
  for (const runType of early) await step(() => backUp(runType));
  const { calls: alone } = await step(() => world.runInto({ inOwnProcess: true }));
  const { calls: warm } = await step(() => world.runInto({}));
  const there = new Set((await shown(world)).map(idOf));
  for (const id of before.keys()) if (!there.has(id)) before.delete(id);
  return { alone, warm };
}

/** What `ls` shows; throws when it fails. */
export async function shown(world: World): Promise<ShownCopy[]> {
  const result = await world.run('config', 'ls', '--json');
  if (result.exitCode !== 0) throw new Error(`ls failed: ${result.stderr}`);
  const { copies } = JSON.parse(result.stdout) as { copies: ShownCopy[] };
  return copies;
}

const environment = (dir: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: join(dir, 'home'),
  TMPDIR: join(dir, 'tmp'),
});

/** One command in a process of its own, loaded with `inject.mjs`. */
function runAlone(words: readonly string[], plan: Plan, env: NodeJS.ProcessEnv): Promise<Result> {
  const child = spawn(process.execPath, ['--import', join(ROOT, 'test/chaos/inject.mjs'), MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, CHAOS_PLAN: JSON.stringify(plan) },
  });
  return collect(child);
}

async function collect(child: ChildProcess): Promise<Result> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  const watch = setTimeout(() => {
    texts.stderr += `CHAOS: hangs, killed after ${LIMIT_MS / 1000} s\n`;
    child.kill('SIGKILL');
  }, LIMIT_MS);
  // Not `close`: programs that outlive the run hold its stderr open.
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (code, by) => resolve([code, by]));
  });
  await Promise.race([new Promise((resolve) => child.once('close', resolve)), delay(200)]);
  clearTimeout(watch);
  return { exitCode, signal, ...texts };
}

/** Of these processes, those that are still there after a while, and any that works on the world. */
async function waitForOrphans(pids: readonly number[], dir: string): Promise<string[]> {
  const deadline = Date.now() + ORPHANS_MS;
  const find = (): string[] => pids.map(describeProcess).filter((line) => line !== '');
  while (find().length > 0 && Date.now() < deadline) await delay(20);
  const left = find();
  if (left.length > 0) return left;
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const lines = all.map((pid) => describeProcess(Number(pid)));
  return lines.filter((line) => line.includes(`${dir}/tmp`) || line.includes(`${dir}/data`));
}

/** The command line of a process; empty when it is gone, or only waits for its parent. */
function describeProcess(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** A process of `judge.mjs`; one that hangs or dies is replaced. */
function startJudge(env: NodeJS.ProcessEnv): {
  run(words: readonly string[], plan?: Plan): Promise<Result>;
  restart(): void;
  end(): void;
} {
  const start = (): ChildProcess =>
    fork(join(ROOT, 'test/chaos/judge.mjs'), {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
  let judge = start();
  const restart = (): void => {
    judge.kill('SIGKILL');
    judge = start();
  };
  return {
    restart,
    async run(words, plan) {
      const said: string[] = [];
      const listen = (chunk: Buffer): void => void said.push(chunk.toString());
      judge.stderr?.on('data', listen);
      const answer = await new Promise<Result>((resolve) => {
        const fail = (why: string): void =>
          resolve({ exitCode: null, signal: null, stdout: '', stderr: `CHAOS: ${words.join(' ')} ${why}\n` });
        const watch = setTimeout(() => fail('hangs'), LIMIT_MS);
        const died = (): void => fail(`has ended its process: ${said.join('')}`);
        judge.once('exit', died);
        judge.once('message', (message) => {
          clearTimeout(watch);
          judge.off('exit', died);
          resolve({ signal: null, ...(message as Omit<Result, 'signal'>) });
        });
        judge.send({ words, plan });
      });
      judge.stderr?.off('data', listen);
      if (answer.exitCode === null) restart();
      // What the engine itself prints, such as warnings.
      return { ...answer, stderr: answer.stderr + said.join('') };
    },
    end: () => judge.kill('SIGKILL'),
  };
}
