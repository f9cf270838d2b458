import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DESTINATION_KINDS } from '../src/destinations/drivers.ts';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Which rooms of the house each room may import from; docs/architecture.md draws this. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'at-once': [],
  errors: ['foreign-text'],
  'foreign-text': [],
  log: [],
  'find-address': ['errors', 'process'],
  'free-bytes': [],
  'http-request': ['find-address'],
  'make-folder': ['errors'],
  network: ['errors'],
  'pinned-folder': [],
  'remove-folder': ['errors', 'pinned-folder'],
  'sync-folder': ['errors'],
  units: [],
  writers: ['errors'],
  copies: ['foreign-text', 'kinds/table'],
  integrity: ['errors', 'writers'],
  retention: ['copies'],
  process: ['errors'],
  compression: ['pipeline', 'process'],
  pipeline: ['errors', 'process'],
  lock: ['errors', 'make-folder', 'remove-folder'],
  'config/option': ['copies', 'errors', 'units'],
  config: ['compression', 'config/option', 'copies', 'destinations/config', 'errors', 'writers'],
  ssh: ['errors', 'log', 'network', 'process', 'writers'],
  mysql: ['copies'],
  'mysql/server': ['config', 'copies', 'errors', 'log', 'mysql'],
  'mysql/binlog': ['copies', 'errors', 'mysql/server', 'retention'],
  'mysql/stream': ['copies', 'errors', 'mysql/binlog', 'mysql/server'],
  'mysql/copy': [
    'config',
    'copies',
    'errors',
    'mysql',
    'mysql/binlog',
    'mysql/server',
    'process',
    'retention',
  ],
  'mysql/private-server': [
    'config',
    'copies',
    'errors',
    'foreign-text',
    'lock',
    'log',
    'mysql',
    'mysql/copy',
    'mysql/server',
    'process',
  ],
  'mysql/replay': ['mysql', 'process'],
  sources: ['errors', 'lock', 'log', 'mysql/binlog', 'mysql/copy', 'mysql/server', 'pipeline', 'process'],
  modifiers: ['compression', 'config', 'errors', 'lock', 'pipeline', 'process', 'writers'],
  'destinations/config': ['config/option', 'destinations', 'destinations/*', 'log'],
  destinations: ['errors', 'log', 'pipeline', 'units'],
  'destinations/*': [
    'at-once',
    'destinations',
    'destinations/config',
    'errors',
    'foreign-text',
    'free-bytes',
    'lock',
    'log',
    'make-folder',
    'network',
    'ssh',
    'sync-folder',
    'units',
  ],
  status: ['copies', 'destinations', 'errors', 'integrity', 'kinds/table', 'log', 'units'],
  'kinds/table': ['kinds'],
  kinds: [
    'copies',
    'destinations',
    'errors',
    'log',
    'modifiers',
    'mysql',
    'mysql/binlog',
    'mysql/copy',
    'pipeline',
    'retention',
    'sources',
    'status',
    'units',
  ],
  catalogue: [
    'at-once',
    'config',
    'copies',
    'destinations',
    'errors',
    'integrity',
    'kinds',
    'log',
    'retention',
    'status',
    'units',
  ],
  exporters: ['config', 'copies', 'errors', 'find-address', 'http-request', 'lock', 'log', 'network'],
  notify: ['config', 'errors', 'http-request', 'log', 'network'],
  jobs: [
    'catalogue',
    'config',
    'copies',
    'destinations',
    'errors',
    'integrity',
    'kinds',
    'lock',
    'log',
    'modifiers',
    'mysql/copy',
    'pipeline',
    'writers',
  ],
  'jobs/backup': [
    'catalogue',
    'config',
    'copies',
    'destinations',
    'destinations/config',
    'errors',
    'exporters',
    'foreign-text',
    'integrity',
    'jobs',
    'jobs/record',
    'kinds',
    'lock',
    'log',
    'make-folder',
    'modifiers',
    'mysql/binlog',
    'mysql/copy',
    'mysql/server',
    'notify',
    'pipeline',
    'process',
    'retention',
    'sources',
    'status',
    'units',
    'writers',
  ],
  'jobs/boot': [
    'copies',
    'errors',
    'foreign-text',
    'jobs',
    'mysql',
    'mysql/copy',
    'mysql/private-server',
    'units',
  ],
  'jobs/check': [
    'at-once',
    'catalogue',
    'config',
    'copies',
    'errors',
    'jobs',
    'jobs/record',
    'jobs/recover',
    'jobs/stream',
    'kinds',
    'mysql/binlog',
    'retention',
    'sources',
    'status',
    'units',
  ],
  'jobs/clone': [
    'compression',
    'config',
    'copies',
    'errors',
    'jobs',
    'log',
    'modifiers',
    'mysql',
    'mysql/copy',
    'mysql/server',
    'pipeline',
    'process',
    'sources',
    'ssh',
    'units',
  ],
  'jobs/doctor': [
    'catalogue',
    'config',
    'copies',
    'destinations',
    'errors',
    'jobs',
    'jobs/backup',
    'jobs/check',
    'jobs/record',
    'kinds',
    'lock',
    'modifiers',
    'mysql/binlog',
    'mysql/copy',
    'mysql/server',
    'pipeline',
    'process',
    'sources',
    'units',
  ],
  'jobs/install': [
    'copies',
    'errors',
    'free-bytes',
    'jobs',
    'jobs/clone',
    'kinds',
    'lock',
    'make-folder',
    'mysql',
    'mysql/copy',
    'mysql/server',
    'process',
    'remove-folder',
    'status',
    'sync-folder',
    'units',
    'writers',
  ],
  'jobs/record': [
    'copies',
    'destinations',
    'errors',
    'jobs',
    'kinds',
    'lock',
    'log',
    'retention',
    'status',
    'units',
  ],
  'jobs/rehearse': [
    'config',
    'copies',
    'errors',
    'exporters',
    'jobs',
    'jobs/backup',
    'jobs/record',
    'kinds',
    'modifiers',
    'mysql/binlog',
    'mysql/copy',
    'mysql/server',
    'sources',
    'units',
  ],
  'jobs/retire': [
    'catalogue',
    'copies',
    'destinations',
    'errors',
    'foreign-text',
    'jobs',
    'jobs/backup',
    'jobs/record',
    'kinds',
    'lock',
    'mysql/binlog',
    'mysql/server',
    'retention',
    'status',
    'units',
  ],
  'jobs/recover': [
    'catalogue',
    'copies',
    'errors',
    'jobs',
    'jobs/install',
    'jobs/record',
    'jobs/restore',
    'jobs/stream',
    'kinds',
    'mysql',
    'mysql/binlog',
    'mysql/copy',
    'mysql/private-server',
    'mysql/replay',
    'pipeline',
    'remove-folder',
    'status',
    'units',
  ],
  'jobs/stream': [
    'catalogue',
    'config',
    'copies',
    'destinations',
    'errors',
    'exporters',
    'jobs',
    'jobs/backup',
    'jobs/record',
    'kinds',
    'lock',
    'log',
    'modifiers',
    'mysql/binlog',
    'mysql/server',
    'mysql/stream',
    'pipeline',
    'process',
    'sources',
    'units',
  ],
  'jobs/tables': [
    'catalogue',
    'config',
    'copies',
    'errors',
    'foreign-text',
    'jobs',
    'jobs/recover',
    'jobs/restore',
    'lock',
    'mysql',
    'mysql/binlog',
    'mysql/copy',
    'mysql/private-server',
    'mysql/replay',
    'mysql/server',
    'pipeline',
    'process',
    'units',
  ],
  'jobs/restore': [
    'catalogue',
    'copies',
    'errors',
    'exporters',
    'free-bytes',
    'jobs',
    'jobs/install',
    'jobs/boot',
    'kinds',
    'lock',
    'log',
    'make-folder',
    'mysql',
    'mysql/binlog',
    'mysql/copy',
    'pinned-folder',
    'pipeline',
    'process',
    'remove-folder',
    'sources',
    'units',
    'writers',
  ],
  'jobs/summary': [
    'catalogue',
    'copies',
    'destinations',
    'errors',
    'jobs',
    'jobs/backup',
    'jobs/check',
    'kinds',
    'lock',
    'retention',
    'units',
  ],
  commands: [
    'catalogue',
    'config',
    'copies',
    'errors',
    'integrity',
    'jobs',
    'jobs/backup',
    'jobs/boot',
    'jobs/check',
    'jobs/clone',
    'jobs/doctor',
    'jobs/install',
    'jobs/record',
    'jobs/recover',
    'jobs/rehearse',
    'jobs/restore',
    'jobs/retire',
    'jobs/stream',
    'jobs/summary',
    'jobs/tables',
    'kinds',
    'mysql/binlog',
    'retention',
    'status',
    'units',
  ],
  cli: [
    'commands',
    'config',
    'copies',
    'destinations',
    'destinations/config',
    'errors',
    'foreign-text',
    'integrity',
    'jobs',
    'jobs/clone',
    'lock',
    'log',
    'mysql/binlog',
    'pipeline',
    'process',
    'units',
    'writers',
  ],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
);

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(SRC, file), 'utf8');
  const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return targets.map((target) => ({ file, target: resolveFrom(file, target) }));
});

/** The path below src of a file that is named in another one; the name itself where that is a package's. */
function resolveFrom(file: string, target: string): string {
  return target.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), target)) : target;
}

/** What is loaded before the first line of a file runs: neither what only lends its types, nor what is imported later. */
function loadedWith(file: string): string[] {
  if (!file.endsWith('.ts')) return [];
  const text = readFileSync(join(SRC, file), 'utf8');
  const statements = [...text.matchAll(/^(?:import|export) (?!type )[^;']*?from '([^']+)'/gm)];
  return statements.map((match) => resolveFrom(file, match[1] ?? ''));
}

/** These files with all that is loaded with them. */
function loadedFrom(entry: readonly string[]): Set<string> {
  const loaded = new Set(entry);
  for (const file of loaded) for (const target of loadedWith(file)) loaded.add(target);
  return loaded;
}

function packagesOf(loaded: ReadonlySet<string>): string[] {
  return [...loaded].filter((target) => !target.endsWith('.ts') && !target.startsWith('node:')).toSorted();
}

/**
 * Files that make a room of their own: how an option is described, the table of destinations with the configuration of each driver, and
 * the table of kinds. Every command loads them, so they are values and types.
 */
const ROOMS_OF_FILES: readonly (readonly [RegExp, string])[] = [
  [/^config\/(kinds|option|secret)\.ts$/, 'config/option'],
  [/^kinds\/kinds\.ts$/, 'kinds/table'],
  [/^destinations\/(drivers|[a-z0-9]+\/config)\.ts$/, 'destinations/config'],
];

/**
 * The first folder of a path below src, or the name of a file that lies in src itself. The folders of jobs/ and mysql/ are
 * rooms of their own, and what lies beside them is one more; those of destinations/ are alike.
 */
function roomOf(path: string): string {
  for (const [pattern, room] of ROOMS_OF_FILES) if (pattern.test(path)) return room;
  const [first = '', second = '', third] = path.replace(/\.ts$/, '').split('/');
  if (third === undefined || !/^(destinations|jobs|mysql)$/.test(first)) return first;
  return first === 'destinations' ? 'destinations/*' : `${first}/${second}`;
}

/** Who may import from config/ may use the kinds of its options too, and who may import from kinds/ the table of them. */
const ALCOVES = new Map([
  ['config/option', 'config'],
  ['kinds/table', 'kinds'],
]);

/** From which room into which. */
function doorOf({ file, target }: Import): readonly [string, string] {
  const [from, to] = [roomOf(file), roomOf(target)];
  const room = ALCOVES.get(to);
  return [from, room !== undefined && MAY_IMPORT[from]?.includes(room) ? room : to];
}

/** Whether the oldest Node that package.json allows is in a range; a form that is not known here is none. */
function runsOnOldest(range: string, oldest: readonly [number, number]): boolean {
  return range.split('||').some((part) => {
    const [, operator, major, minor = 0] = /^ *(>=|\^) *(\d+)(?:\.(\d+))?/.exec(part) ?? [];
    const isNew = oldest[0] > Number(major) || (oldest[0] === Number(major) && oldest[1] >= Number(minor));
    return isNew && (operator === '>=' || oldest[0] === Number(major));
  });
}

describe('the packages', () => {
  it('run on the oldest Node that is supported: docs/architecture.md says until when the AWS SDK is held back for it', () => {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(SRC, '..', name), 'utf8'));
    const { engines } = read('package.json') as { engines: { node: string } };
    const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    const { packages } = read('package-lock.json') as {
      packages: Record<string, { dev?: true; engines?: { node?: string } }>;
    };
    const tooNew = Object.entries(packages).flatMap(([name, { dev, engines: its }]) => {
      const range = dev ? undefined : its?.node;
      return range === undefined || runsOnOldest(range, [Number(major), Number(minor)])
        ? []
        : [`${name} needs ${range}`];
    });
    expect(tooNew).toEqual([]);
  });

  it.each([
    ['>=20.0.0', true],
    ['>= 10.x', true],
    ['>=20.19', true],
    ['>=20.20', false],
    ['^20.17.0 || >=22.9.0', true],
    ['^18.0.0 || >=22', false],
    ['>=22.0.0', false],
    ['20', false],
  ])('a range such as %s is understood', (range, expected) => {
    expect(runsOnOldest(range, [20, 19])).toBe(expected);
  });
});

describe('the house', () => {
  it('is seen by this test', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
  });

  it('has only rooms whose neighbours are decided', () => {
    expect([...new Set(files.map(roomOf))].toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
  });

  it('has doors only where they are drawn', () => {
    const forbidden = imports.filter(({ file, target }) => {
      if (!target.endsWith('.ts')) return false;
      const [from, to] = doorOf({ file, target });
      return from !== to && !MAY_IMPORT[from]?.includes(to);
    });
    expect(forbidden).toEqual([]);
  });

  it('has no door that nobody goes through', () => {
    const used = new Set(imports.map((each) => doorOf(each).join(' -> ')));
    const drawn = Object.entries(MAY_IMPORT).flatMap(([from, rooms]) =>
      rooms.map((to) => `${from} -> ${to}`),
    );
    expect(drawn.filter((door) => !used.has(door))).toEqual([]);
  });

  it('starts programs only in process/', () => {
    const spawners = imports.filter(({ target }) => target === 'node:child_process').map(({ file }) => file);
    expect(spawners).toEqual(['process/child.ts']);
  });

  it('loads what one command needs only when that command is called', () => {
    const entry = ['cli/main.ts', 'cli/run.ts', 'cli/terminal.ts'];
    const loaded = loadedFrom(entry);
    expect(packagesOf(loaded)).toEqual(['commander']);
    // What each command needs besides.
    for (const file of loadedFrom(['cli/open-context.ts'])) loaded.add(file);
    expect(packagesOf(loaded)).toEqual(['commander', 'fastest-levenshtein', 'ini', 'shlex']);
    // What the options of a command may be is known before it is called.
    const heavy = [...loaded].filter((file) => /^(jobs|mysql|sources|modifiers)\//.test(file));
    expect(heavy.toSorted()).toEqual(['jobs/clone/address.ts', 'jobs/clone/transports.ts']);
  });

  it.each(['backup', 'ls', 'status', 'restore-file'])(
    'loads nothing of MySQL with the command %s',
    (command) => {
      const loaded = [...loadedFrom([`commands/${command}.ts`])];
      expect(loaded.filter((target) => /^mysql(\/|2)/.test(target))).toEqual([]);
    },
  );

  it('reads the code of an error in one place', () => {
    const readers = files.filter((file) =>
      /ErrnoException|'code' in /.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect(readers).toEqual(['errors.ts']);
  });

  it('puts the class of no error into words: describeError makes them', () => {
    // What is no Error has no class to show.
    const guarded = /instanceof Error \?|\?\? String\(/;
    const named = /String\((?:error|cause|reason|err)\)|\$\{(?:error|cause|err)(?:\.name)?\}/;
    const lines = files.flatMap((file) =>
      readFileSync(join(SRC, file), 'utf8')
        .split('\n')
        .filter((line) => named.test(line) && !guarded.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(lines).toEqual(['errors.ts: if (!(error instanceof Error)) return String(error);']);
  });

  it('prints and exits only in cli/', () => {
    const speakers = files.filter((file) =>
      /\b(process\.(exit|stdout|stderr)|console\.)/.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect(speakers.filter((file) => roomOf(file) !== 'cli' && !file.startsWith('process/'))).toEqual([]);
  });

  it('knows each driver in one place only', () => {
    const folderOf = (path: string): string => dirname(path);
    const isDriver = (path: string): boolean => /^destinations\/[a-z0-9]+\//.test(path);
    const users = imports.filter(
      ({ file, target }) => roomOf(target) === 'destinations/*' && folderOf(file) !== folderOf(target),
    );
    expect([...new Set(users.map(({ file }) => file))]).toEqual(['destinations/drivers.ts']);
    const folders = new Set(files.filter(isDriver).map((file) => file.split('/')[1]));
    expect(folders).toEqual(new Set(DESTINATION_KINDS));
  });

  it('puts each driver to the tests of the contract', () => {
    const tested = DESTINATION_KINDS.filter((kind) =>
      readFileSync(join(SRC, `../test/contract/${kind}.test.ts`), 'utf8').includes(
        `testDestination('${kind}'`,
      ),
    );
    expect(tested).toEqual(DESTINATION_KINDS);
  });

  it('loads no driver with the table of drivers', () => {
    const loaded = new Set(['destinations/drivers.ts']);
    for (const file of loaded) for (const target of loadedWith(file)) loaded.add(target);
    expect([...loaded].filter((file) => roomOf(file) === 'destinations/*')).toEqual([]);
  });
});
