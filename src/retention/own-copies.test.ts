import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Writer, WrittenCopy } from '../copies/writer.ts';
import { findContinuable, findExpirable, findPast, hasWritten, tellApart } from './own-copies.ts';

/** `a3` is a copy of machine a with serial 3, `a3:s` one of its server s; `-` is a copy without an ID. */
function copyOf(name: string): WrittenCopy {
  const [, machineId, serial, server] = /^([a-z])(\d+)(?::(\w+))?$/.exec(name) ?? [];
  return machineId === undefined ? { key: name } : { key: name, machineId, serial: Number(serial), server };
}

const copiesOf = (names: string) => names.split(' ').map(copyOf);
const keysOf = (copies: readonly WrittenCopy[]) => copies.map(({ key }) => key).join(' ');
const A: Writer = { machineId: 'a' };
const A_S: Writer = { machineId: 'a', server: 's' };

describe('the copies of one host name', () => {
  it.each([
    ['copies without an ID are ours', A, '- -2 a1', ''],
    [
      'a machine that has written since our first copy is another one, with all its copies',
      A,
      'b1 a2 b3',
      'b1 b3',
    ],
    ['a machine that has been silent since our first copy is our own past', A, 'b1 b2 a3 a4', ''],
    ['our past and another machine are told apart', A, 'b1 c2 a3 b4 a5', 'b1 b4'],
    ['who writes at the same time, with the same serial, is another one', A, 'b1 a1', 'b1'],
    ['before our first copy nobody is another one', A, 'b1 c2 b3', ''],
    ['a serial that is missing proves no silence', A, 'a1 b2', 'b2'],
    ['a server that goes on beside ours is another one', A_S, 'a1:t a2:s a3:t', 'a1:t a3:t'],
    ['a server that ended before ours began is our past', A_S, 'a1:t a2:s', ''],
    ['a clone of our server on another machine is another one', A_S, 'b1:s a2:s b3:s', 'b1:s b3:s'],
    ['what another server was before is its past, not ours', A_S, 'b1:t a2:s c3:t', 'b1:t c3:t'],
    ['what another machine had before is its past, not ours', A_S, 'b1:t a2:s b3:u', 'b1:t b3:u'],
    ['our server on the machine before is our past', A_S, 'b1:s a2:s a3:s', ''],
    ['where the server is not known the machine decides', A, 'a1:s a2:t b3:s', 'b3:s'],
  ])('%s', (_what, us, names, others) => {
    const apart = tellApart(copiesOf(names), us);
    expect(keysOf(apart.others)).toBe(others);
    expect([...apart.ours, ...apart.others].length).toBe(copiesOf(names).length);
  });

  it('are told apart by the order in which they were added, so that no clock decides', () => {
    // The clock of b is a day behind: by its dates it has been silent since before a1.
    const copies = copiesOf('a1 b2 a3').map((copy) => ({
      ...copy,
      backupStarted: copy.machineId === 'b' ? 0 : 86_400,
    }));
    expect(keysOf(tellApart(copies, A).others)).toBe('b2');
  });

  it('are all ours where a foreign entry has lost its serial and we have none yet', () => {
    const lost = { key: 'b', machineId: 'b' };
    expect(tellApart([lost], A).others).toEqual([]);
    expect(tellApart([lost, copyOf('a1')], A).others).toEqual([lost]);
  });

  it('show who is new, and whose past there is', () => {
    const before = copiesOf('- b1 b2');
    expect(hasWritten(before, A)).toBe(false);
    expect(keysOf(findPast(tellApart(before, A), A))).toBe('b1 b2');
    expect(hasWritten(copiesOf('- b1 a2'), A)).toBe(true);
    expect(findPast(tellApart(copiesOf('- a1'), A), A)).toEqual([]);
  });
});

describe('an incremental copy', () => {
  it('continues our own copies and those without an ID, not those of our past or of others', () => {
    expect(keysOf(findContinuable(copiesOf('- b1:s a2:t a3:s c4:s'), A_S))).toBe('- a3:s');
  });
});

describe('retention', () => {
  const expirable = (names: string, made: string, unitOf = (_copy: WrittenCopy) => 'daily') =>
    keysOf(findExpirable(copiesOf(names), A, { unitOf, isJustMade: ({ key }) => key === made }));

  it.each([
    ['everything where nobody else has written', '- -2 a1 a2', 'a2', '- -2 a1 a2'],
    ['nothing but its own copies in the first run of a machine', '- b1 b2 a3', 'a3', 'a3'],
    ['its past from the second run on', '- b1 b2 a3 a4', 'a4', '- b1 b2 a3 a4'],
    ['nothing of another machine', '- b1 a2 b3 a4', 'a4', '- a2 a4'],
  ])('counts %s', (_what, names, made, counted) => {
    expect(expirable(names, made)).toBe(counted);
  });

  it.each([
    ['where nothing was just made, as the run before did', '- b1 b2 a3', 'a3'],
    ['and its past from the second run on', '- b1 b2 a3 a4', '- b1 b2 a3 a4'],
    ['and nothing of another machine', '- b1 a2 b3 a4', '- a2 a4'],
  ])('counts %s', (_what, names, counted) => {
    expect(keysOf(findExpirable(copiesOf(names), A, { unitOf: () => 'daily' }))).toBe(counted);
  });

  it('counts the past of a unit only when this machine has made a copy of that unit before', () => {
    const units = new Map(
      Object.entries({ b1: 'hourly', b2: 'weekly', a3: 'hourly', a4: 'hourly', a5: 'weekly' }),
    );
    const unitOf = ({ key }: WrittenCopy) => units.get(key) ?? '';
    expect(expirable('b1 b2 a3 a4', 'a4', unitOf)).toBe('b1 a3 a4');
    expect(expirable('b1 b2 a3 a4 a5', 'a5', unitOf)).toBe('b1 a3 a4 a5');
  });

  /** Each run adds a copy and removes what is beyond the count of its machine. */
  interface Run {
    readonly machine: string;
    readonly count: number;
  }

  function simulate(runs: readonly Run[]): { copies: WrittenCopy[]; taken: string[] } {
    let copies: WrittenCopy[] = [];
    const taken: string[] = [];
    for (const [index, { machine, count }] of runs.entries()) {
      const made: WrittenCopy = { key: `${machine}${index}`, machineId: machine, serial: index + 1 };
      copies = [...copies, made];
      const isJustMade = ({ key }: WrittenCopy) => key === made.key;
      const counted = findExpirable(copies, { machineId: machine }, { unitOf: () => '', isJustMade });
      const removed = counted.toReversed().slice(Math.max(count, 1));
      taken.push(...removed.filter((copy) => copy.machineId !== machine).map(({ key }) => key));
      copies = copies.filter((copy) => !removed.includes(copy));
    }
    return { copies, taken };
  }

  it('never takes a copy of a machine that writes between any two runs of another one', () => {
    const turn = fc.record({ a: fc.integer({ min: 0, max: 3 }), b: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 12 }), (turns) => {
        const runs = turns.flatMap(({ a, b }) => [
          { machine: 'a', count: a },
          { machine: 'b', count: b },
        ]);
        expect(simulate(runs).taken).toEqual([]);
      }),
    );
  });

  it('lets the copies of a machine that was installed again expire like those of the new one', () => {
    const runs = ['a', 'a', 'a', 'b', 'b', 'b', 'b'].map((machine) => ({ machine, count: 3 }));
    const { copies, taken } = simulate(runs);
    expect(copies).toHaveLength(3);
    expect(taken.toSorted()).toEqual(['a0', 'a1', 'a2']);
  });

  it('takes in the end what another machine left that has ended', () => {
    const runs = ['a', 'b', 'a', 'b', 'a', 'a', 'a', 'a'].map((machine) => ({ machine, count: 2 }));
    expect(simulate(runs).copies.map(({ machineId }) => machineId)).toEqual(['a', 'a']);
  });
});
