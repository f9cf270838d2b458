import { MEDIA, type Media } from '../../copies/key.ts';
import type { Destination } from '../../destinations/destination.ts';
import { KINDS } from '../../kinds/kinds.ts';
import { signEntry } from '../../status/sign-entry.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace, CopyPlaces } from './record-copy.ts';

/** Where a run keeps its copies of each kind. */
export type PlacesOfKinds = Readonly<Record<Media, CopyPlaces>>;

/** The destination and keep_local_path with the statuses of this host. Nothing is read yet. */
export function openPlaces(context: JobContext): PlacesOfKinds {
  return Object.fromEntries(MEDIA.map((media) => [media, openOf(media, context)])) as PlacesOfKinds;
}

function openOf(media: Media, context: JobContext): CopyPlaces {
  const { config, host, integrity } = context;
  const open = (role: CopyPlace['role'], destination: Destination): CopyPlace => {
    const format = KINDS[media].formats[role];
    return {
      role,
      destination,
      status: openStatusStore(destination, host, format, context),
      sign: (key, attributes) => signEntry(format, key, attributes, integrity.keys()),
      format,
      counts: role === 'remote' ? config.retention : config.retentionLocal,
      appendOnly: role === 'remote' && config.appendOnly,
      trustsShrinking: config.trustShrinking,
      get other() {
        return role === 'remote' ? local : remote;
      },
    };
  };
  const remote = open('remote', context.destination);
  const local = context.local && open('local', context.local);
  return { remote, local };
}
