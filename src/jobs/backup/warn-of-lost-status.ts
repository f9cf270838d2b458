import { parseKey } from '../../copies/key.ts';
import { describeError } from '../../errors.ts';
import { KINDS } from '../../kinds/kinds.ts';
import type { JobContext } from '../job-context.ts';
import type { PlacesOfKinds } from '../record/open-places.ts';
import { type CopyPlace, type CopyPlaces, listPlaces } from '../record/record-copy.ts';
import { listParts } from './run-record.ts';

/**
 * Warns when a status of what is to be backed up lists nothing although copies are there: it was lost, with its second copy, or
 * nothing has entered them yet. Retention does not see such copies, and nothing continues them. What cannot be read is reported by the
 * part of the run that needs it.
 */
export async function warnOfLostStatus(
  places: PlacesOfKinds,
  run: { readonly binlogsOnly: boolean },
  context: JobContext,
): Promise<void> {
  const made = new Set(listParts(context.config, run).map(({ media }) => media));
  for (const media of made) await look(places[media], context);
}

async function look(places: CopyPlaces, context: JobContext): Promise<void> {
  try {
    for (const place of listPlaces(places)) await lookIn(place, context);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.debug(`Whether a status was lost cannot be told: ${describeError(error)}`);
  }
}

async function lookIn(
  { destination, status, format }: CopyPlace,
  { host, warnLasting }: JobContext,
): Promise<void> {
  const stored = await status.read();
  if (format.entries(stored.status).length > 0) return;
  const folder = KINDS[format.kind].isPeriodic ? `${host}/` : `${host}/${format.kind}/`;
  let isAny = false;
  for await (const { key } of destination.list(folder)) {
    isAny = parseKey(key)?.media === format.kind && !stored.deletions.includes(key);
    if (isAny) break;
  }
  if (!isAny) return;
  warnLasting(
    `no ${format.name} on ${destination.url}`,
    `${destination.locate(`${host}/${format.name}`)} lists nothing, and copies of type ${format.kind} are there: ` +
      'they never expire, and nothing continues them\ntwindb-backup check --adopt enters them.',
  );
}
