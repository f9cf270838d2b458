import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Proxy, startProxy } from '../integration/s3-proxy.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from './cli.ts';

/*
 * What a command does besides moving bytes, in counts that are the same on every machine. They are upper limits: raise one only for something that is
 * worth it to everybody who runs the command every hour.
 */

const lab = useLab();
let sandbox: Sandbox;
let proxy: Proxy;
let asked: string[] = [];
let runs = 0;

beforeAll(async () => {
  proxy = await startProxy(lab.s3.endpoint, ({ method, url = '' }) => {
    asked.push(`${method} ${new URL(url, proxy.endpoint).pathname}`);
    return 'pass';
  });
});
afterAll(() => proxy.kill());
beforeEach(() => {
  sandbox = createSandbox();
  asked = [];
  return () => sandbox[Symbol.dispose]();
});

function configure(kind: LabKind): void {
  const { s3, ...sections } = destinationSections(kind, sandbox, lab);
  const source = join(sandbox.dir, 'source');
  mkdirSync(source);
  sandbox.configure({
    ...sections,
    ...(s3 && { s3: { ...s3, endpoint_url: proxy.endpoint, prefix: `effort-${process.pid}-${Date.now()}` } }),
    source: { backup_dirs: source },
    compression: { program: 'zstd' },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

interface Effort {
  /** Files of JavaScript that were loaded, ours and those of packages. */
  readonly modules: readonly string[];
  /** How many programs were started. */
  readonly programs: number;
  /** What S3 was asked. */
  readonly requests: readonly string[];
}

const isStatus = (request: string) => /^GET .*status(\.copy)?$/.test(request);

/** Runs a command to its good end, by the eyes of V8 and Node.js. */
async function effortOf(...args: string[]): Promise<Effort> {
  asked = [];
  const scripts = join(sandbox.dir, `scripts-${(runs += 1)}`);
  const env = { NODE_V8_COVERAGE: scripts, NODE_DEBUG: 'child_process' };
  const { exitCode, stderr } = await sandbox.start(args, env).result;
  expect(exitCode, stderr).toBe(0);
  const modules = readdirSync(scripts).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(scripts, file), 'utf8')) as {
      result: { url: string }[];
    };
    return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  });
  const programs = stderr.match(/^CHILD_PROCESS \d+: spawn /gm)?.length ?? 0;
  return { modules, programs, requests: asked };
}

const backup = () => effortOf('backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily');

describe('the effort of', () => {
  it('--version: a few modules, and no more', async () => {
    configure('s3');
    const { modules, programs, requests } = await effortOf('--version');
    expect(modules.length).toBeLessThanOrEqual(55);
    expect(modules.filter((url) => /@aws-sdk|mysql2|ssh2/.test(url))).toEqual([]);
    expect(programs).toBe(0);
    expect(requests).toEqual([]);
  });

  it('a directory to a local disk: tar, zstd and stat, and nothing of S3, SSH or MySQL', async () => {
    configure('local');
    await backup();
    const { modules, programs } = await backup();
    expect(modules.length).toBeLessThanOrEqual(235);
    expect(modules.filter((url) => /@aws-sdk|mysql2|ssh2/.test(url))).toEqual([]);
    expect(programs).toBe(3);
  });

  it('a directory to S3: each status read once, and back after it was written and at the end', async () => {
    configure('s3');
    await backup();
    const { modules, programs, requests } = await backup();
    expect(modules.length).toBeLessThanOrEqual(285);
    expect(modules.filter((url) => /mysql2|ssh2/.test(url))).toEqual([]);
    expect(programs).toBe(3);
    expect(requests.length).toBeLessThanOrEqual(15);
    expect(requests.filter(isStatus)).toHaveLength(6);
  });

  it('ls: one listing, and each status once', async () => {
    configure('s3');
    await backup();
    const { modules, programs, requests } = await effortOf('ls');
    expect(modules.length).toBeLessThanOrEqual(215);
    expect(programs).toBe(0);
    expect(requests.filter(isStatus)).toHaveLength(2);
    expect(requests).toHaveLength(3);
  });
});
