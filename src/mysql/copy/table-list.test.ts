import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inBoth, packTables, unpackTables } from './table-list.ts';

const SMALL = new Map([
  ['shop/a', 'InnoDB'],
  ['shop/h@0023x', 'Aria'],
  ['shop/mem', ''],
  ['mysql/db', 'Aria'],
]);

describe('the tables that a copy must hold', () => {
  it('are those that were there before and after it, with the same engine', () => {
    const after = new Map([...SMALL, ['shop/a', 'MyISAM'], ['shop/new', 'InnoDB']]);
    after.delete('mysql/db');
    expect(inBoth(SMALL, after)).toEqual(
      new Map([
        ['shop/h@0023x', 'Aria'],
        ['shop/mem', ''],
      ]),
    );
  });

  it('come back from what the status records', () => {
    const unpacked = unpackTables(packTables(SMALL));
    expect(unpacked?.names).toEqual(SMALL);
    expect(unpacked?.counts).toEqual(
      new Map([
        ['shop/InnoDB', 1],
        ['shop/Aria', 1],
        ['shop/', 1],
        ['mysql/Aria', 1],
      ]),
    );
  });

  it('are numbers by schema, or alone, where the names take too much room', () => {
    const many = (schemas: number) =>
      new Map(
        Array.from({ length: 20_000 }, (_, index) => [
          `s${index % schemas}${'x'.repeat(schemas > 9 ? 40 : 0)}/${randomBytes(8).toString('hex')}`,
          'InnoDB',
        ]),
      );
    const some = packTables(many(2));
    expect(some.length).toBeLessThan(200);
    expect(unpackTables(some)).toEqual({
      names: undefined,
      counts: new Map([
        ['s0/InnoDB', 10_000],
        ['s1/InnoDB', 10_000],
      ]),
    });
    expect(unpackTables(packTables(many(20_000)))).toEqual({
      names: undefined,
      counts: new Map([['/InnoDB', 20_000]]),
    });
  });

  it.each([
    ['no base64 of anything', 'x'],
    ['no JSON', deflateRawSync('nothing').toString('base64')],
    ['no lists', deflateRawSync('{"shop":{"InnoDB":"x"}}').toString('base64')],
    ['a bomb', deflateRawSync(`{"a":{"b":["${'a'.repeat(5 << 20)}"]}}`).toString('base64')],
  ])('are not known when a status has %s', (_, packed) => {
    expect(unpackTables(packed)).toBeUndefined();
  });

  it('may be called as what every object has', () => {
    const odd = new Map([
      ['__proto__/constructor', 'InnoDB'],
      ['constructor/a', 'InnoDB'],
    ]);
    expect(unpackTables(packTables(odd))?.names).toEqual(odd);
  });
});
