import { describe, expect, it } from 'vitest';
import { flavourOf } from '../flavours.ts';
import { extractCopy, halfOfAvailable, prepareCopy } from './prepare.ts';

const programs = { backup: '/usr/bin/xtrabackup', stream: 'xbstream', debianPackage: 'p' };
const target = '/d/full';
const memory = 1000;
const STEPS = ['whole', 'base', { incremental: '/d/inc' }] as const;

describe('preparing a copy', () => {
  it('keeps the base of an incremental copy open with xtrabackup', () => {
    const args = STEPS.map(
      (step) => prepareCopy(programs, flavourOf('percona', '8.0.36'), { target, memory, step }).args,
    );
    expect(args).toEqual([
      ['--prepare', '--use-memory=1000', '--target-dir=/d/full'],
      ['--prepare', '--apply-log-only', '--use-memory=1000', '--target-dir=/d/full'],
      ['--prepare', '--use-memory=1000', '--target-dir=/d/full', '--incremental-dir=/d/inc'],
    ]);
  });

  it('does without --apply-log-only, which mariabackup does not know', () => {
    for (const version of ['10.11.19-MariaDB', '11.8.2-MariaDB']) {
      for (const step of STEPS) {
        const { args } = prepareCopy(programs, flavourOf('mariadb', version), { target, memory, step });
        expect(args).not.toContain('--apply-log-only');
      }
    }
  });

  it("counts as done only with the program's own word for it", () => {
    const program = prepareCopy(programs, flavourOf('mariadb', undefined), { target, memory, step: 'whole' });
    expect(program.lastWords).toBe('completed OK!');
  });

  it('uses half of the memory that is available, not of all there is or of what is free', () => {
    const meminfo = 'MemTotal: 8000000 kB\nMemFree: 100 kB\nMemAvailable:    4000000 kB\n';
    for (const none of [0, 2 ** 64]) expect(halfOfAvailable(meminfo, none)).toBe(2_000_000 * 1024);
    expect(halfOfAvailable('MemTotal: 1 kB\n', 0)).toBe(100 << 20);
  });

  it('uses half of what its container may have', () => {
    const meminfo = 'MemAvailable:    4000000 kB\n';
    expect(halfOfAvailable(meminfo, 1 << 30)).toBe(1 << 29);
  });

  it('says what to do about a full disk, and only then', () => {
    const { remedyFor } = extractCopy(programs, '/d');
    const end = (line: string) => ({ exitCode: 1, signal: null, stderr: [line] });
    const full = "Error on file ./ibdata1 writebuffer (Errcode: 28 'No space left on device')";
    expect(remedyFor?.(end(full))).toContain('--dst');
    expect(remedyFor?.(end('wrong chunk magic'))).toBeUndefined();
  });
});
