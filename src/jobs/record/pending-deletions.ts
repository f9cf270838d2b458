import { type CopyPlaces, listPlaces } from './record-copy.ts';

/** The locations of what an interrupted run has left to be deleted, where that may be. */
export async function listPending(places: CopyPlaces): Promise<string[]> {
  const found: string[] = [];
  for (const { status, destination, appendOnly } of listPlaces(places)) {
    const { deletions } = await status.read();
    if (!appendOnly) found.push(...deletions.map((key) => destination.locate(key)));
  }
  return found;
}
