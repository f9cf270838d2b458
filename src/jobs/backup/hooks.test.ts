import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import type { JobContext } from '../job-context.ts';
import { withHooks } from './hooks.ts';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'hooks-'))));
afterEach(() => rmSync(dir, { recursive: true }));

it('runs the command after a failure whose message no environment can hold', async () => {
  const told = join(dir, 'told');
  const onFailure = ['sh', '-c', `printf %s "$TWINDB_MESSAGE" > ${told}`];
  const context = {
    config: { file: '/etc/cfg', hooks: { before: [], after: [], onFailure } },
    host: 'db1',
    log: createLog('error', () => undefined),
    signal: new AbortController().signal,
    progress: { begin: () => ({ advance: () => undefined, end: () => undefined }) },
  } as unknown as JobContext;
  const failures = { log: context.log, describe: () => 'the server said: a\0b' };
  expect(await withHooks({ runType: 'daily', failures }, context, async () => false)).toBe(false);
  expect(readFileSync(told, 'utf8')).toBe('the server said: a b');
});
