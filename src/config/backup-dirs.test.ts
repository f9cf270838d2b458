import { expect, test } from 'vitest';
import { normalizeBackupDirs } from './backup-dirs.ts';

function normalize(...written: string[]) {
  const warnings: string[] = [];
  const dirs = normalizeBackupDirs(
    written,
    (problem) => new Error(problem),
    (problem) => warnings.push(problem),
  );
  return { dirs, warnings };
}

test('the order of the file stays, slashes at the end and doubled ones go', () => {
  expect(normalize('/z/', '/a//b///c//', '/', '/with blank').dirs).toEqual([
    '/z',
    '/a/b/c',
    '/',
    '/with blank',
  ]);
});

test('only slashes make up the root', () => {
  expect(normalize('//').dirs).toEqual(['/']);
});

test('a directory listed twice is backed up once, with a warning', () => {
  expect(normalize('/etc', '/home', '/etc/')).toEqual({
    dirs: ['/etc', '/home'],
    warnings: ['lists "/etc" more than once; it is backed up once'],
  });
});

test.each(['etc', './etc', '~/x', ''])('the relative path %j is refused', (dir) => {
  expect(() => normalize('/etc', dir)).toThrow(`must list absolute paths, got ${JSON.stringify(dir)}`);
});

test('two directories whose copies would have the same name are refused, naming both', () => {
  expect(() => normalize('/home/x', '/etc', '/home_x')).toThrow(
    'lists "/home/x" and "/home_x", whose copies would both be named "_home_x"',
  );
});

test('a directory and one below it, or with a longer name, go together', () => {
  expect(normalize('/home', '/home/x', '/home2').dirs).toEqual(['/home', '/home/x', '/home2']);
});
