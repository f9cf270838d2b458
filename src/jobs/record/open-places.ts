import { MEDIA, type Media } from '../../copies/key.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Kind } from '../../kinds/kind.ts';
import { openKind } from '../../kinds/kinds.ts';
import { signEntry } from '../../status/sign-entry.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace, CopyPlaces } from './record-copy.ts';

/** Where a run keeps its copies of each kind. */
export type PlacesOfKinds = Readonly<Record<Media, CopyPlaces>>;

/** The destination and keep_local_path with the statuses of this host. Nothing is read yet. */
export async function openPlaces(context: JobContext): Promise<PlacesOfKinds> {
  const opened = MEDIA.map(async (media) => [media, openOf(await openKind(media), context)] as const);
  return Object.fromEntries(await Promise.all(opened)) as PlacesOfKinds;
}

function openOf({ formats }: Kind, context: JobContext): CopyPlaces {
  const { config, host, integrity } = context;
  const open = (role: CopyPlace['role'], where: Destination): CopyPlace => {
    const format = formats[role];
    return {
      role,
      destination: where,
      status: openStatusStore(where, host, format, context),
      sign: (key, attributes) => signEntry(format, key, attributes, integrity.keys()),
      format,
      counts: role === 'destination' ? config.retention : config.retentionLocal,
      appendOnly: role === 'destination' && config.appendOnly,
      trustsShrinking: config.trustShrinking,
      binlogs: async () => {
        const { BINLOG } = await import('../../kinds/binlog.ts');
        const { status } = await openStatusStore(where, host, BINLOG.formats[role], context).read();
        return BINLOG.copies(status);
      },
      get other() {
        return role === 'destination' ? local : destination;
      },
    };
  };
  const destination = open('destination', context.destination);
  const local = context.local && open('local', context.local);
  return { destination, local };
}
