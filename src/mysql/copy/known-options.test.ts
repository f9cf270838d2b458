import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakePrograms, type FakePrograms, pidOf } from '../../../test/fixtures/fake-programs.ts';
import { readProgramOptions, readServerOptions } from './known-options.ts';

const MYSQL = {
  family: 'mysql',
  package: 'mysql-server',
  serverPrograms: ['mysqld', '/usr/sbin/mysqld'],
} as const;
const HANGS = 'echo $$ > "$0.pid"; exec /bin/sleep 600';

/** A script that prints a help of this many options, the last of them `last`. */
const help = (count: number, last: string) =>
  Array.from({ length: count }, (_, i) => `echo '  --${i === count - 1 ? last : `option-${i}`}=#'`).join(
    '\n',
  );

let programs: FakePrograms;
beforeEach(() => {
  programs = createFakePrograms();
});
afterEach(() => programs[Symbol.dispose]());

const never = new AbortController().signal;

describe('the options that the server here knows', () => {
  it('are those that its help lists', async () => {
    programs.installScript(
      'mysqld',
      `[ "$*" = '--no-defaults --verbose --help' ] || exit 9\n${help(60, 'x_y')}`,
    );
    const known = await readServerOptions(MYSQL, never);
    expect(known.names?.has('x-y')).toBe(true);
    expect(known.names?.size).toBe(60);
  });

  it('are not known where its help is not understood, and that is the reason', async () => {
    programs.installScript('mysqld', help(3, 'x'));
    expect(await readServerOptions(MYSQL, never)).toEqual({
      names: undefined,
      reason: 'the help of mysqld lists no options',
    });
  });

  it('are not known where the server cannot even be started, and that is the reason', async () => {
    // Like want of memory, this makes spawn throw, other than a program that is absent.
    symlinkSync('mysqld', join(programs.dir, 'mysqld'));
    const known = await readServerOptions(MYSQL, never);
    expect(known.names === undefined && known.reason).toContain('mysqld: spawn ELOOP');
  });

  it('are not waited for when it hangs', async () => {
    programs.installScript('mysqld', HANGS);
    expect(await readServerOptions(MYSQL, never, 500)).toEqual({
      names: undefined,
      reason: 'mysqld did not tell it within 0.5 seconds',
    });
  });

  it.each(['server', 'program'] as const)('nor those of the %s beyond the signal', async (who) => {
    const path = programs.installScript('mysqld', HANGS);
    const controller = new AbortController();
    const { signal } = controller;
    const asked =
      who === 'server'
        ? readServerOptions(MYSQL, signal)
        : readProgramOptions({ backup: path, debianPackage: 'p' }, signal);
    const pid = await pidOf(path);
    controller.abort(new Error('SIGTERM'));
    await expect(asked).rejects.toThrow('SIGTERM');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});
