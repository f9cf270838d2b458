import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PAGE = 16_384;

/** Of a page, where the LSN of its last change lies. */
const LSN_OFFSET = 16;

/** The files of a stand-in server: pages that carry LSNs and hold nothing else, and binary logs that have a header only. */
export interface ServerFiles {
  readonly datadir: string;
  readonly binlogDir: string;
  /** The LSN it has reached. */
  lsn(): number;
  /** Names of the binary logs; the last one is being written. */
  binlogs(): readonly string[];
  /** Changes these pages of a file of the data directory; the file grows as it needs to. */
  write(path: string, pages: readonly number[]): void;
  beginBinlog(): void;
}

export function makeServerFiles(dir: string): ServerFiles {
  const [datadir, binlogDir] = [join(dir, 'data'), join(dir, 'binlog')] as const;
  mkdirSync(binlogDir, { recursive: true });
  const binlogs: string[] = [];
  let lsn = 1000;
  const beginBinlog = () => {
    const name = `mysql-bin.${String(binlogs.length + 1).padStart(6, '0')}`;
    writeFileSync(join(binlogDir, name), binlogHeader());
    binlogs.push(name);
  };
  const write: ServerFiles['write'] = (path, pages) => {
    const file = join(datadir, path);
    mkdirSync(dirname(file), { recursive: true });
    const before = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    const after = Buffer.alloc(Math.max(before.length, (Math.max(...pages) + 1) * PAGE));
    before.copy(after);
    for (const number of pages) {
      lsn += 100;
      const page = after.subarray(number * PAGE, (number + 1) * PAGE);
      page.fill(lsn % 251, 64);
      page.writeBigUInt64BE(BigInt(lsn), LSN_OFFSET);
    }
    writeFileSync(file, after);
  };
  beginBinlog();
  return { datadir, binlogDir, lsn: () => lsn, binlogs: () => binlogs, write, beginBinlog };
}

/** The magic number and a format description event that says no more than that there are no checksums. */
function binlogHeader(): Buffer {
  const header = Buffer.alloc(4 + 24);
  Buffer.from([0xfe, 0x62, 0x69, 0x6e]).copy(header);
  header.writeUInt32LE(Math.floor(Date.now() / 1000), 4);
  header.writeUInt8(15, 8);
  header.writeUInt32LE(24, 13);
  return header;
}
