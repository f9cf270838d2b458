import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { currentRun, type InstallRecord, readJournal } from './journal.ts';
import { knownPlaces } from './known-places.ts';
import { isDate, parsePlace, placeOf } from './place.ts';

/** What was installed as this data directory so far, the oldest first. Throws a TwinDbError when a journal cannot be read. */
export async function findInstalls(datadir: string): Promise<InstallRecord[]> {
  const prefix = basename(placeOf(datadir, ''));
  const names = await readdir(dirname(datadir)).catch(() => []);
  const found: InstallRecord[] = [];
  for (const name of names.filter((each) => each.startsWith(prefix)).toSorted()) {
    const record = await readJournal(join(dirname(datadir), name));
    if (record !== undefined) found.push(record);
  }
  return found;
}

/** The one of them that was interrupted; undefined: none. */
export async function findUnfinished(datadir: string): Promise<InstallRecord | undefined> {
  return (await findInstalls(datadir)).find((record) => !currentRun(record).isComplete);
}

/** The install of what was restored to `dst` that was interrupted: the data may not be there any more. Undefined: none is known. */
export async function findInterruptedFrom(dst: string): Promise<InstallRecord | undefined> {
  for (const place of await knownPlaces()) {
    const record = await readJournal(place);
    if (record?.restored.data.dst === dst && !currentRun(record).isComplete) return record;
  }
  return undefined;
}

/**
 * The install of this date, or the one whose folder this is. Throws a TwinDbError that says which there are when it is none, or several data
 * directories have one of that date.
 */
export async function findInstall(dateOrPlace: string): Promise<InstallRecord> {
  const known = await knownPlaces();
  const places = dateOrPlace.startsWith('/')
    ? [dateOrPlace]
    : known.filter((place) => isDate(dateOrPlace) && parsePlace(place)?.date === dateOrPlace);
  const records: InstallRecord[] = [];
  for (const place of places) {
    const record = await readJournal(place);
    if (record !== undefined) records.push(record);
  }
  const [record, another] = records;
  if (record !== undefined && another === undefined) return record;
  const choices = record === undefined ? known : records.map(({ place }) => place);
  throw new TwinDbError(
    record === undefined
      ? `There is no install ${quoteLocation(dateOrPlace)}`
      : `There are several installs of ${quoteLocation(dateOrPlace)}`,
    {
      remedy:
        choices.length === 0
          ? 'Name the folder with the old data, DATADIR.before-restore-DATE.'
          : `Name one of these folders: ${choices.map(quoteLocation).join(', ')}`,
    },
  );
}
