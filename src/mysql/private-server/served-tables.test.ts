import { describe, expect, it } from 'vitest';
import { packTables, unpackTables } from '../copy/table-list.ts';
import { compareTables, type ServedTable } from './served-tables.ts';

const served = (path: string, engine: string | undefined = 'InnoDB'): ServedTable => {
  const [schema = '', name = ''] = path.split('/');
  return { schema, name, path, engine, comment: '' };
};
const expected = (...tables: readonly (readonly [string, string])[]) =>
  unpackTables(packTables(new Map(tables)));

describe('the tables that a server has', () => {
  it('are compared with those of the copy by name and engine', () => {
    const tables = [served('shop/a'), served('shop/m', 'MyISAM'), served('shop/mem', 'MEMORY')];
    const all = expected(
      ['shop/a', 'InnoDB'],
      ['shop/m', 'Aria'],
      ['shop/mem', ''],
      ['shop/h@0023x', 'Aria'],
    );
    expect(compareTables(tables, all, ['shop/a'])).toEqual([
      { table: 'shop.h#x', problem: 'it is missing, and was there when the copy was made (Aria)' },
      { table: 'shop.m', problem: 'its engine is MyISAM, and was Aria when the copy was made' },
    ]);
    expect(compareTables(tables, undefined, ['shop/a'])).toEqual([]);
  });

  it('are not called missing by letters that this server does not say as files have them', () => {
    const all = expected(['shop/h@0p', 'InnoDB'], ['shop/lost', 'InnoDB']);
    const odd = { ...served('shop/hé'), path: undefined };
    expect(compareTables([odd], all, []).map(({ table }) => table)).toEqual(['shop.lost']);
    expect(compareTables([], all, []).map(({ table }) => table)).toEqual(['shop.h@0p', 'shop.lost']);
  });

  it('lack what only InnoDB knows: parts of a table, and what is no table, say nothing', () => {
    const names = [
      'shop/a',
      'shop/p#P#p0',
      'shop/p#P#p1',
      'shop/#sql-ib12',
      'shop/FTS_0000000000000123_CONFIG',
    ];
    expect(compareTables([served('shop/a')], undefined, names).map(({ table }) => table)).toEqual(['shop.p']);
  });

  it('are counted where the copy has numbers alone', () => {
    const counts = (...entries: readonly (readonly [string, number])[]) => ({
      names: undefined,
      counts: new Map(entries),
    });
    const tables = [served('shop/a'), served('shop/b', 'Aria'), served('other/a')];
    expect(compareTables(tables, counts(['shop/InnoDB', 1], ['shop/Aria', 1], ['shop/', 4]), [])).toEqual([]);
    expect(compareTables(tables, counts(['shop/InnoDB', 2], ['/InnoDB', 3]), [])).toEqual([
      { table: 'shop.*', problem: '1 tables (InnoDB), and there were 2 when the copy was made' },
      { table: '*.*', problem: '2 tables (InnoDB), and there were 3 when the copy was made' },
    ]);
  });
});
