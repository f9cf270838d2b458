import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readTarOptions } from './tar-option-words.ts';
import { findRefusedOption } from './tar-options.ts';

const refusal = (...words: string[]) => findRefusedOption(words)?.message;

describe('an option of tar that cannot be had', () => {
  it.each([
    ['-z', 'gzip'],
    ['-vz', 'gzip'],
    ['-J', 'xz'],
    ['-j', 'bzip2'],
    ['-Z', 'compress'],
    ['-a', 'auto-compress'],
    ['-Ipigz', 'use-compress-program'],
    ['-vI pigz', 'use-compress-program'],
    ['--use-comp=pigz', 'use-compress-program'],
    ['--zst', 'zstd'],
    ['--lzi', 'lzip'],
    ['--rem', 'remove-files'],
    ['--listed=/var/snapshot', 'listed-incremental'],
    ['--listed /var/snapshot', 'listed-incremental'],
    ['-g /var/snapshot', 'listed-incremental'],
    ['-Sg /var/snapshot', 'listed-incremental'],
    ['--no-rec', 'no-recursion'],
    ['-M', 'multi-volume'],
    ['-L 100', 'tape-length'],
    ['-F /bin/true', 'info-script'],
    ['-f /dev/null', 'file'],
    ['-vx', 'extract'],
    ['--append', 'append'],
    ['--del', 'delete'],
    ['--vers', 'version'],
    ['--exclude *.o --remove-files', 'remove-files'],
    ['-X /etc/list -z', 'gzip'],
  ])('is found in %s', (text, name) => {
    expect(refusal(...text.split(' '))).toContain(`--${name}`);
  });

  it('is -- itself, and one whose argument is missing', () => {
    expect(refusal('--', '-z')).toContain('cannot have --:');
    expect(refusal('-v', '--exclude')).toBe(
      '[source] tar_options cannot have --exclude: its argument is missing',
    );
    expect(refusal('-vX')).toContain('its argument is missing');
  });

  it('says which, why, and what to do', () => {
    expect(findRefusedOption(['--rem'])).toMatchObject({
      message:
        '[source] tar_options cannot have --rem (--remove-files): the files would be deleted before their copy is stored',
      remedy: 'Remove it from tar_options.',
    });
    expect(refusal('--zstd')).toContain('cannot have --zstd: ');
    expect(findRefusedOption(['-vz'])?.remedy).toContain('[compression] program');
  });

  it.each([
    '--exclude -z',
    '--exclude=--remove-files',
    '-X -z',
    '-X-z',
    '--one-file-system --hard-dereference -vhS --totals -b 1024 --record-size=1M',
    '-C /srv name',
    '--checkpoint=100 --warning=no-file-changed --no-acls',
    '--an-option-of-tomorrow',
  ])('is not in %s', (text) => {
    expect(refusal(...text.split(' '))).toBeUndefined();
  });
});

describe('the table', () => {
  it('has every option of the tar that is installed, and says of each what tar says', () => {
    const usage = execFileSync('tar', ['--usage']).toString();
    const long = [...usage.matchAll(/\[--([a-z0-9-]+)(\[=|=)?/g)];
    expect(long.length).toBeGreaterThan(130);
    for (const [, name = '', mark] of long) {
      const [option] = readTarOptions([`--${name}`]);
      expect([name, option?.names, option?.lacksArgument]).toEqual([name, [name], mark === '=']);
    }
    const [, letters = ''] = /\[-([A-Za-z?]+)\]/.exec(usage) ?? [];
    const taking = [...usage.matchAll(/\[-([A-Za-z]) [A-Z-]+\]/g)].map(([, letter]) => letter ?? '');
    for (const letter of [...letters.split(''), ...taking]) {
      const [option] = readTarOptions([`-${letter}`]);
      expect([letter, option?.names.length, option?.lacksArgument]).toEqual([
        letter,
        1,
        taking.includes(letter),
      ]);
    }
  });
});
