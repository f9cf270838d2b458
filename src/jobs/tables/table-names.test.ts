import { describe, expect, it } from 'vitest';
import { quoteTable } from '../../mysql/server/quote-name.ts';
import { fileNameOf, fileOfMore } from './file-name.ts';
import { chooseTables, parentsFirst, parseName } from './table-names.ts';

const table = (schema: string, name: string, isView = false) => ({ schema, name, isView });
const TABLES = [
  table('shop', 'customers'),
  table('shop', 'orders'),
  table('shop', 'recent', true),
  table('a.b', 'c'),
];
const choose = (...names: string[]) => chooseTables(names, TABLES, ['a.b', 'empty', 'shop']);

describe('names of tables', () => {
  it('mean a database or a table, in backticks where a name has a dot', () => {
    expect(parseName('shop')).toEqual({ schema: 'shop', table: undefined });
    expect(parseName('shop.a.b')).toEqual({ schema: 'shop', table: 'a.b' });
    expect(parseName('`a.b`.`c``d`')).toEqual({ schema: 'a.b', table: 'c`d' });
    for (const name of ['', '.x', 'shop.', '`shop', '``.x', 'a`b.c'])
      expect(() => parseName(name), name).toThrow('names no table');
  });

  it('choose each table once', () => {
    expect(choose('shop', 'shop.orders')).toEqual({ tables: TABLES.slice(0, 3), databases: ['shop'] });
    expect(choose('`a.b`.c')).toEqual({ tables: [TABLES[3]], databases: [] });
    expect(choose('empty')).toEqual({ tables: [], databases: ['empty'] });
  });

  it('that are not there are an error that names near ones', () => {
    expect(() => choose('shop.order')).toThrow('no table shop.order; did you mean orders?');
    expect(() => choose('shup')).toThrow('no database shup; did you mean shop?');
  });
});

describe('the order of tables', () => {
  const order = (...references: [string, string][]) =>
    parentsFirst(
      ['a', 'b', 'c'].map((name) => table('s', name)),
      references.map(([from, to]) => ({
        from: quoteTable({ schema: 's', name: from }),
        to: quoteTable({ schema: 's', name: to }),
      })),
    ).map(({ name }) => name);

  it('has those first that foreign keys of others point at', () => {
    expect(order(['a', 'b'], ['b', 'c'])).toEqual(['c', 'b', 'a']);
    expect(order(['a', 'elsewhere'])).toEqual(['a', 'b', 'c']);
  });

  it('has each table once where they point at each other, or at themselves', () => {
    expect(order(['a', 'b'], ['b', 'a'], ['c', 'c']).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('follows a chain of any length', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => table('s', `t${index}`));
    const references = names
      .slice(1)
      .map((each, index) => ({ from: quoteTable(names[index] ?? each), to: quoteTable(each) }));
    expect(parentsFirst(names, references)).toEqual(names.toReversed());
  });
});

describe('the file of a table', () => {
  it('is in the folder whatever the name is, and no other table has it', () => {
    expect(fileNameOf('shop', 'orders')).toBe('shop.orders.sql');
    expect(fileNameOf('../x', 'a/b')).toBe('%2E%2E%2Fx.a%2Fb.sql');
    expect(fileNameOf('a.b', 'c')).not.toBe(fileNameOf('a', 'b.c'));
    expect(fileOfMore('shop', 'views')).not.toBe(fileNameOf('shop', '+views'));
    expect(fileNameOf('Bücher', 'x$-1')).toBe('Bücher.x$-1.sql');
  });
});
