import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { canActAsNobody, NOBODY, runAsNobody } from '../fixtures/as-nobody.ts';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';

// A local user who plants links where root is going to write.

let sandbox: Sandbox;
let theirs: string;
let victim: string;
beforeEach(() => {
  sandbox = createSandbox();
  chmodSync(sandbox.dir, 0o755);
  theirs = join(sandbox.dir, 'theirs');
  mkdirSync(theirs);
  chownSync(theirs, NOBODY, NOBODY);
  victim = join(sandbox.dir, 'victim');
  writeFileSync(victim, 'precious', { mode: 0o600 });
});
afterEach(() => sandbox[Symbol.dispose]());

const plantLinks = (...names: string[]) =>
  runAsNobody(
    `const [victim, ...planted] = args; for (const path of planted) fs.symlinkSync(victim, path);`,
    victim,
    ...names.map((name) => join(theirs, name)),
  );

describe.skipIf(!canActAsNobody)('a link planted for', () => {
  it.each([
    ['the file for Prometheus', 'x.prom.new', 'x.prom', 0o644],
    ['the measures log', 'measures.log.new', 'measures.log', 0o600],
  ])('%s is not written through', async (_, planted, written, mode) => {
    configureLocal(sandbox, [theirs], {
      export: { transport: 'prometheus', prometheus_file: join(theirs, 'x.prom') },
      measures: { log: join(theirs, 'measures.log') },
    });
    plantLinks(planted);
    expect(await sandbox.backup()).toEqual(SILENT);
    expect([readFileSync(victim, 'utf8'), statSync(victim).mode & 0o777]).toEqual(['precious', 0o600]);
    const file = lstatSync(join(theirs, written));
    expect([file.isFile(), file.mode & 0o777]).toEqual([true, mode]);
    expect(readdirSync(theirs).toSorted()).toEqual([planted, 'measures.log', 'x.prom'].toSorted());
  });

  it('the measures log itself is replaced, and what it leads to is not', async () => {
    configureLocal(sandbox, [theirs], { measures: { log: join(theirs, 'measures.log') } });
    plantLinks('measures.log');
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('precious');
    expect([readFileSync(victim, 'utf8'), statSync(victim).mode & 0o777]).toEqual(['precious', 0o600]);
    expect(lstatSync(join(theirs, 'measures.log')).isFile()).toBe(true);
  });
});
