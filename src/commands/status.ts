import type { Media } from '../copies/key.ts';
import { BINLOG_STATUS } from '../kinds/binlog.ts';
import { FILES_STATUS } from '../kinds/files.ts';
import { MYSQL_STATUS } from '../kinds/mysql.ts';
import type { StatusFormat } from '../status/status-format.ts';
import { openStatusStore } from '../status/status-store.ts';
import type { CommandContext } from './command.ts';

interface StatusOptions {
  readonly type: Media;
  readonly hostname?: string;
}

/** Prints the decoded status of a host's copies as JSON, with and without `--json`. */
export async function status({ type, hostname }: StatusOptions, context: CommandContext): Promise<boolean> {
  const read = async <S>(format: StatusFormat<S>): Promise<unknown> =>
    (await openStatusStore(context.remote, hostname ?? context.host, format, context).read()).status;
  const readers = {
    files: () => read(FILES_STATUS),
    mysql: () => read(MYSQL_STATUS),
    binlog: () => read(BINLOG_STATUS),
  } satisfies Record<Media, () => Promise<unknown>>;
  context.print(JSON.stringify(await readers[type](), undefined, 2));
  return true;
}
