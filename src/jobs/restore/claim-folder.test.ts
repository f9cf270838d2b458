import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { type ClaimedFolder, restoreInto } from './claim-folder.ts';
import { moveOut } from './move-out.ts';

let dir: string;
let warnings: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-claim-'));
  warnings = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

const log = createLog('warn', (_, message) => {
  warnings.push(message);
});
const into = (path: string, restore: (folder: ClaimedFolder) => Promise<unknown>) =>
  restoreInto(path, {}, log, restore).then(() => 'restored', describeError);
const nothing = async () => undefined;

describe('a folder to restore into', () => {
  it('is made when it is absent, with the mode that is asked for, and claimed meanwhile', async () => {
    const path = join(dir, 'deep', 'new');
    await restoreInto(path, { mode: 0o700 }, log, async () => {
      expect(readdirSync(path)).toEqual(['.twindb-restore']);
      expect(statSync(join(path, '.twindb-restore')).mode & 0o777).toBe(0o700);
    });
    expect(readdirSync(path)).toEqual([]);
    expect([path, join(path, '..')].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o755]);
  });

  it('is refused when something is in it, and that is left alone', async () => {
    writeFileSync(join(dir, 'precious'), '');
    expect(await into(dir, nothing)).toContain(`Cannot restore into ${dir}: it is not empty`);
    expect(readdirSync(dir)).toEqual(['precious']);
  });

  it('is claimed by only one of many concurrent restores', async () => {
    let end = () => undefined as void;
    const atWork = new Promise<void>((resolve) => {
      end = resolve;
    });
    const all = Array.from({ length: 20 }, () => into(dir, () => atWork));
    const [refused] = await Promise.all([
      Promise.race(all),
      new Promise((resolve) => setTimeout(resolve, 300)),
    ]);
    end();
    const ends = await Promise.all(all);
    expect(ends.filter((each) => each === 'restored')).toHaveLength(1);
    expect(ends.filter((each) => each.includes('another restore is at work'))).toHaveLength(19);
    expect(refused).toContain('another restore is at work');
  });

  it('is refused when a restore that was killed has left its claim', async () => {
    mkdirSync(join(dir, '.twindb-restore'));
    const message = await into(dir, nothing);
    expect(message).toContain('another restore is at work there, or was killed');
    expect(message).toContain('empty this one');
  });

  it('is left empty by a restore that failed', async () => {
    const message = await into(dir, async ({ work }) => {
      mkdirSync(join(work.path, 'half', 'done'), { recursive: true });
      chmodSync(join(work.path, 'half'), 0o000);
      throw new Error('damaged');
    });
    expect(message).toBe('damaged');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('may be a link, which is followed once only', async () => {
    const [link, real, other] = ['link', 'real', 'other'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(real);
    mkdirSync(other);
    symlinkSync(real, link);
    const restore = async (folder: ClaimedFolder) => {
      rmSync(link);
      symlinkSync(other, link);
      mkdirSync(join(folder.work.path, 'made'));
      writeFileSync(join(folder.work.path, 'made/file'), '');
      await moveOut(join(folder.work.path, 'made'), folder);
    };
    expect(await into(link, restore)).toBe('restored');
    expect([readdirSync(real), readdirSync(other)]).toEqual([['file'], []]);
  });

  it('that cannot be emptied is told of together with the failure, once', async () => {
    const message = await into(dir, async ({ work }) => {
      execFileSync('mv', [join(dir, '.twindb-restore'), join(dir, 'moved')]);
      writeFileSync(join(work.path, 'half'), '');
      throw new Error('damaged');
    });
    expect(message).toContain(`damaged\nWhat was restored could not be removed from ${dir}: no such file`);
    expect(message.match(/could not be removed/g)).toHaveLength(1);
    expect(readdirSync(join(dir, 'moved'))).toEqual([]);
  });
});

describe('what is complete', () => {
  const restore = async (folder: ClaimedFolder, finish?: () => Promise<void>) => {
    const made = join(folder.work.path, 'made');
    mkdirSync(join(made, 'folder'), { recursive: true });
    writeFileSync(join(made, 'a'), 'one');
    chmodSync(join(made, 'folder'), 0o555);
    await moveOut(made, folder, finish);
  };

  it('is moved to the folder, with the modes that it has', async () => {
    expect(await into(dir, restore)).toBe('restored');
    expect(readdirSync(dir).toSorted()).toEqual(['a', 'folder']);
    expect(statSync(join(dir, 'folder')).mode & 0o777).toBe(0o555);
  });

  it('is moved back, and removed, when the last step fails', async () => {
    const failing = (folder: ClaimedFolder) =>
      restore(folder, async () => {
        expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('one');
        throw new Error('no attributes here');
      });
    expect(await into(dir, failing)).toBe('no attributes here');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('does not go where somebody else has put something meanwhile, and that stays', async () => {
    const late = (folder: ClaimedFolder) => {
      writeFileSync(join(dir, 'theirs'), '');
      return restore(folder);
    };
    expect(await into(dir, late)).toContain('somebody else has put something there meanwhile');
    expect(readdirSync(dir)).toEqual(['theirs']);
  });

  it('is there although the claim cannot be removed, which is a warning', async () => {
    const stuck = async (folder: ClaimedFolder) => {
      await restore(folder);
      renameSync(join(dir, '.twindb-restore'), join(dir, 'x'));
    };
    expect(await into(dir, stuck)).toBe('restored');
    expect(warnings).toEqual([
      expect.stringContaining(`${dir}/.twindb-restore could not be removed: no such`),
    ]);
  });
});
