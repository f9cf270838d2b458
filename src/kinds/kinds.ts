import type { Media } from '../copies/key.ts';
import { BINLOG } from './binlog.ts';
import { FILES } from './files.ts';
import type { Kind } from './kind.ts';
import { MYSQL } from './mysql.ts';

/** Every kind of copies. */
export const KINDS: { readonly [M in Media]: Kind } = { files: FILES, mysql: MYSQL, binlog: BINLOG };
