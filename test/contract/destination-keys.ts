import { describe, expect, test } from 'vitest';
import { ObjectNotFoundError, StorageError } from '../../src/errors.ts';
import { digest, digestOf, listKeys, makeBytes, store } from './bytes.ts';
import type { Stage } from './destination.ts';

const ODD_NAMES = [
  'with blanks  two',
  ' blank at both ends ',
  `'single' and "double" quotes`,
  'new\nline',
  'tab\there',
  '-rf',
  '--',
  'ünïcödé-日本-😀',
  'e\u0301 decomposed',
  '100%',
  '%2e%2e%2f',
  'a+b',
  'a#b',
  'a?b=c&d',
  'back\\slash',
  '\\',
  '.hidden',
  '..twodots',
  '...',
  '$(touch pwned)',
  '`touch pwned`',
  '$HOME',
  '~',
  '*',
  '[a-z]',
  '{a,b}',
  'a;b|c>d<e',
  '<xml>&amp;</xml>',
  ':',
  '@',
  'n'.repeat(200),
  '-odd folder\'"/and name%',
];

/** Nothing of these may ever reach a disk or a server. */
function forbiddenKeys(host: string): string[] {
  return [
    '',
    '/',
    '.',
    '..',
    host,
    '../x',
    `../${host}/x`,
    `${host}/../x`,
    `${host}/../../x`,
    `${host}/daily/..`,
    `/${host}/x`,
    '/etc/passwd',
    `${host}//x`,
    `${host}/`,
    `${host}/daily/`,
    `${host}/./x`,
    `./${host}/x`,
    `${host}/a\0b`,
    `${host}/.partial/x`,
    `${host}/.partial`,
    '.partial/x',
    `${host}/lone-\ud800-surrogate`,
  ];
}

/** Which keys there can be. */
export function testKeys(stage: () => Stage): void {
  describe('keys', () => {
    test.each(ODD_NAMES)('keeps an object named %j', async (name) => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/${name}`;
      await store(destination, key, 1000, 1);
      expect(await listKeys(destination, `${host}/`)).toEqual([key]);
      expect(await listKeys(destination, key)).toEqual([key]);
      expect((await destination.stat(key))?.key).toBe(key);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(1000, 1)));
      await store(destination, key, 10, 2);
      expect((await destination.stat(key))?.size).toBe(10);
      await destination.delete(key);
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('refuses keys that would lie elsewhere, and touches nothing', async () => {
      const { destination, harness, host } = stage();
      const before = await listKeys(destination, '');
      for (const key of forbiddenKeys(host)) {
        const attempts = [
          async () => await store(destination, key, 10, 1),
          async () => await digestOf(destination, key),
          async () => await destination.stat(key),
          async () => await destination.delete(key),
        ];
        for (const attempt of attempts) {
          const error = await attempt().catch((reason: unknown) => reason);
          expect(error, JSON.stringify(key)).toBeInstanceOf(StorageError);
          // "Not there" would be a search for it; a key like this is not even looked up.
          expect(error, JSON.stringify(key)).not.toBeInstanceOf(ObjectNotFoundError);
        }
      }
      expect(await listKeys(destination, '')).toEqual(before);
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('a prefix that no key can have lists nothing', async () => {
      const { destination, host } = stage();
      await store(destination, `${host}/status`, 10, 1);
      for (const prefix of [
        '/',
        '../',
        '..',
        `../${host}`,
        `${host}//`,
        `${host}/../`,
        `${host}/./`,
        `./${host}`,
        '/etc/',
        '\0',
      ]) {
        expect(await listKeys(destination, prefix), JSON.stringify(prefix)).toEqual([]);
      }
    });

    test('says where a key lies, the way an operator would write it', () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/it's 100% #1`;
      expect(destination.locate(key)).toBe(`${harness.root}/${key}`);
      expect(destination.url).not.toMatch(/\/$/);
      for (const secret of harness.secrets) expect(destination.url).not.toContain(secret);
    });
  });
}
