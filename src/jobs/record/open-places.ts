import type { Destination } from '../../destinations/destination.ts';
import { BINLOG_STATUS, type BinlogStatus } from '../../kinds/binlog.ts';
import { FILES_STATUS } from '../../kinds/files.ts';
import { LOCAL_MYSQL_STATUS, MYSQL_STATUS } from '../../kinds/mysql.ts';
import { signEntry } from '../../status/sign-entry.ts';
import type { StatusFormat } from '../../status/status-format.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace, CopyPlaces } from './record-copy.ts';

/** Where a run keeps its copies of each kind. */
export interface Places {
  readonly files: CopyPlaces;
  readonly mysql: CopyPlaces;
  readonly binlogs: CopyPlaces<BinlogStatus>;
}

/** The destination and keep_local_path with the statuses of this host. Nothing is read yet. */
export function openPlaces(context: JobContext): Places {
  const { host, remote, local, integrity } = context;
  const open = <S>(remoteFormat: StatusFormat<S>, localFormat: StatusFormat<S>): CopyPlaces<S> => {
    const place = (destination: Destination, format: StatusFormat<S>): CopyPlace<S> => ({
      destination,
      status: openStatusStore(destination, host, format, context),
      sign: (key, attributes) => signEntry(format, key, attributes, integrity.keys()),
      format,
      alwaysKeepNewest: destination === remote,
    });
    return { remote: place(remote, remoteFormat), local: local && place(local, localFormat) };
  };
  return {
    files: open(FILES_STATUS, FILES_STATUS),
    mysql: open(MYSQL_STATUS, LOCAL_MYSQL_STATUS),
    binlogs: open(BINLOG_STATUS, BINLOG_STATUS),
  };
}
