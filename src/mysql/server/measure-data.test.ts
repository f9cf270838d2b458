import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flavourOf } from '../flavours.ts';
import { measureData } from './measure-data.ts';

const KIB = 1024;

let dir: string;
let datadir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-data-'));
  datadir = join(dir, 'data');
  mkdirSync(join(datadir, 'shop'), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (path: string, kib: number) => writeFileSync(join(datadir, path), Buffer.alloc(kib * KIB, 'x'));

/** What the server was asked. */
const asked: string[] = [];

/** A stand-in for a server whose InnoDB says that its tablespaces have 1 KiB. */
const measure = (variables: Record<string, string>) =>
  measureData({
    query: async <Row>(sql: string) => {
      asked.push(sql);
      return [{ bytes: String(KIB) }] as Row[];
    },
    flavour: flavourOf('oracle', '8.0.36'),
    variable: async (name) => variables[name],
  });

describe("the size of a server's data", () => {
  it('has the data and index files of every engine, and no logs', async () => {
    for (const name of ['a.MYD', 'a.MYI', 'b.MAD', 'b.MAI', 'c.ARZ', 'd.CSV', '7.sst'])
      write(`shop/${name}`, 8);
    for (const name of ['ib_logfile0', 'ibtmp1', 'mysql-bin.000001', 'galera.cache']) write(name, 64);
    // InnoDB has told of its own, and this one is of an ALTER TABLE that goes on.
    for (const name of ['e.ibd', '#sql-1.MYD']) write(`shop/${name}`, 64);
    expect(await measure({ datadir })).toBe((1 + 7 * 8) * KIB);
  });

  it("has no tablespaces of an ALTER TABLE that goes on, nor InnoDB's temporary one", async () => {
    await measure({ datadir });
    expect(asked.at(-1)).toContain("NAME NOT LIKE '%/#sql%'");
    expect(asked.at(-1)).toContain("'innodb_temporary'");
  });

  it('has schemas that are links to other disks, and all files of the system tablespace', async () => {
    mkdirSync(join(dir, 'other'));
    symlinkSync(join(dir, 'other'), join(datadir, 'linked'));
    write('../other/a.MYD', 16);
    write('ibdata1', 12);
    write('../other/ibdata2', 20);
    const files = `ibdata1:12K;${join(dir, 'other', 'ibdata2')}:20K:autoextend`;
    expect(await measure({ datadir, innodb_data_file_path: files })).toBe((1 + 16 + 12 + 20) * KIB);
  });

  it('counts no holes', async () => {
    write('shop/a.MYD', 4);
    truncateSync(join(datadir, 'shop/a.MYD'), 1 << 20);
    expect(await measure({ datadir })).toBe((1 + 4) * KIB);
  });

  it('is that of InnoDB alone where the data directory cannot be read', async () => {
    expect(await measure({ datadir: join(dir, 'elsewhere') })).toBe(KIB);
    expect(await measure({})).toBe(KIB);
  });
});
