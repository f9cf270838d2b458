import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLocal } from '../../destinations/local/driver.ts';
import { ConfigError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import type { JobContext } from '../job-context.ts';
import { requireDistinctPlaces } from './distinct-places.ts';

let dir: string;
let messages: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-places-'));
  messages = [];
  mkdirSync(join(dir, 'copies/db1'), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true }));

function check(keepLocalPath: string): Promise<void> {
  const log = createLog('info', (level, message) => messages.push(`${level} ${message}`));
  const open = (backupDir: string) => openLocal({ kind: 'local', backupDir }, log);
  return requireDistinctPlaces({
    config: { keepLocalPath },
    host: 'db1',
    destination: open(join(dir, 'copies')),
    local: open(keepLocalPath),
    log,
    signal: new AbortController().signal,
  } as JobContext);
}

const tree = () => execFileSync('find', [dir, '-type', 'f']).toString();

describe('keep_local_path and the destination', () => {
  it('may lie beside and in each other', async () => {
    for (const path of ['kept', 'copies/kept', 'copies/db1', '.']) await check(join(dir, path));
    expect(tree()).toBe('');
    expect(messages).toEqual([]);
  });

  it('are refused where a link or another spelling makes them one, and no mark stays', async () => {
    symlinkSync(join(dir, 'copies'), join(dir, 'link'));
    mkdirSync(join(dir, 'half'));
    symlinkSync('../copies/db1', join(dir, 'half/db1'));
    for (const path of ['copies', 'copies/../copies/', 'link', 'half']) {
      const refused = check(join(dir, path));
      await expect(refused).rejects.toBeInstanceOf(ConfigError);
      await expect(refused).rejects.toThrow('is the destination');
    }
    expect(tree()).toBe('');
    expect(readdirSync(join(dir, 'copies'))).toEqual(['db1']);
  });
});
