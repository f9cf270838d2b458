import { describe, expect, it } from 'vitest';
import { describeError, StorageError } from '../errors.ts';
import { guardListing } from './listing-guard.ts';

const REPEATS = 'Cannot list s3://b/db1/: the listing does not end, the server repeats a page';

describe('a listing', () => {
  it.each([1, 2, 3, 7, 100])('that repeats itself after %i pages ends, with a remedy', (length) => {
    const check = guardListing('s3://b/db1/').startPages();
    let pages = 0;
    const readOn = () => {
      for (;;) check(1000, `key${pages++ % length}`);
    };
    expect(readOn).toThrow(REPEATS);
    expect(pages).toBeLessThanOrEqual(3 * length + 1);
  });

  it('whose keys repeat behind new tokens ends', () => {
    const check = guardListing('s3://b/db1/').startPages();
    let token = 0;
    const readOn = () => {
      for (;;) check(1, 'key', `${token++}`);
    };
    expect(readOn).toThrow(REPEATS);
  });

  it('of as many names as are allowed passes, of one more does not, in however many folders', () => {
    const guard = guardListing('/repository', 1000);
    for (let folder = 0; folder < 10; folder++) guard.startPages()(100, 'the same name in each');
    const error = (() => {
      try {
        return guard.startPages()(1, 'x');
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(StorageError);
    expect(describeError(error)).toBe(
      'Cannot list /repository: there are more than 1000 names\n' +
        'Move away what no backup has put there, or use a destination for copies alone.',
    );
  });

  it('passes with some pages without a name, and ends when there is nothing else', () => {
    const check = guardListing('s3://b').startPages();
    for (let page = 0; page < 1000; page++) check(0, undefined, `${page}`);
    check(1, 'key', 'more');
    for (let page = 0; page < 1000; page++) check(0, undefined, `again ${page}`);
    expect(() => check(0)).toThrow('1001 pages had no name');
  });

  it('of folders in each other without an end ends', () => {
    const guard = guardListing('ssh://b');
    guard.checkFolder('a/'.repeat(2048));
    expect(() => guard.checkFolder('a/'.repeat(2049))).toThrow('folders lie in each other');
  });
});
