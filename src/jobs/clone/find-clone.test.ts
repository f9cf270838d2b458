import { expect, it } from 'vitest';
import { groupsOf } from './find-clone.ts';

it('what works on a data directory is the processes of a clone and what they have started, in whatever groups', () => {
  const listed = 'claimed\n1 0 1 0\n500 1 500 0\n600 500 600 1\n601 600 601 0\n602 601 601 0\n700 1 700 0\n';
  expect(groupsOf(listed)).toEqual([600, 601]);
  expect(groupsOf('claimed\n1 0 1 0\n')).toEqual([]);
});
