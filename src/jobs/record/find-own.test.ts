import { describe, expect, it } from 'vitest';
import { simulateFullCopy, simulatePlace } from '../../../test/fixtures/simulated-places.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { Writer } from '../../copies/writer.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { findOwn } from './find-own.ts';

const US = { machineId: 'a', server: 's:3306' };
const { destination } = simulatePlace('s3://b/site1', { steps: 0 }, 'destination');

const copyBy = (time: number, writer: Writer): MysqlCopy => ({
  ...simulateFullCopy(time),
  ...writer,
});

/** What is said of a status to which these have added copies, and which copies are ours. */
function find(writers: readonly Writer[]): { said: string[]; own: number[] } {
  const said: string[] = [];
  const status = writers
    .map((writer, index) => copyBy(index + 1, writer))
    .reduce((before, copy) => MYSQL.enter(before, copy), MYSQL.formats.destination.empty);
  const own = findOwn(MYSQL, status, US, {
    host: 'db1',
    destination,
    warnLasting: (state, message, essence) => said.push(`${state} (${essence}): ${message}`),
  });
  return { said, own: own.map(({ lsn }) => lsn) };
}

describe('a run', () => {
  it('says nothing where there is nobody else', () => {
    expect(find([])).toEqual({ said: [], own: [] });
    expect(find([{}, US, US])).toEqual({ said: [], own: [1, 2, 3] });
  });

  it('says nothing more of its own past', () => {
    expect(find([{ machineId: 'b', server: 's:3306' }, US])).toEqual({ said: [], own: [1, 2] });
  });

  it('names another machine, one of its copies, and what to do, once however many there are', () => {
    const others = [
      { machineId: 'b', server: 's:3306' },
      { machineId: 'c', server: 't:3306' },
    ];
    const { said, own } = find([US, ...others, ...others]);
    expect(own).toEqual([1]);
    expect(said).toEqual([
      'other machine (machine): Another machine is backed up under the host name db1: s3://b/site1/db1/daily/mysql/mysql-2 is of machine b, this is machine a. ' +
        'The copies of the other machine are neither counted nor deleted, and nothing continues them\n' +
        'Give one of the two machines another [host] name. If they are one, such as a container that is made anew, give both configurations the same.',
    ]);
  });

  it('names another server of the same machine', () => {
    const { said, own } = find([US, { machineId: 'a', server: 's:3307' }]);
    expect(own).toEqual([1]);
    expect(said.join()).toContain('is of server s:3307, this is server s:3306. ');
    expect(said.join()).toMatch(
      /\nGive each server a configuration of its own with another \[host\] name\.$/,
    );
  });

  it('that is the first one under an ID says whose copies there are, and that it deletes nothing', () => {
    const { said, own } = find([{}, { machineId: 'b' }]);
    expect(own).toEqual([1, 2]);
    expect(said).toEqual([
      'new machine (machine): The copies of db1 so far are of machine b, this is machine a: its first backup under that name deletes nothing. ' +
        'From the next one on they count as its own, unless the other machine makes more\n' +
        'If this comes again, the ID of this machine is lost after each run, as in a container: set [host] name to the name that it is to keep.',
    ]);
  });

  it('shows an ID that somebody else has chosen on one line, and not all of a long one', () => {
    const [said = ''] = find([
      US,
      { machineId: `\u001B[2Jb\nERROR: all is lost ${'x'.repeat(10_000)}` },
    ]).said;
    expect(said).not.toContain('\u001B');
    expect(said.split('\n')).toHaveLength(2);
    expect(said.length).toBeLessThan(1000);
  });
});
