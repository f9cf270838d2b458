/** Between the path of a data directory and the date at which it was replaced. */
const MARK = '.before-restore-';

/** When restored data were installed, in UTC, as it is in the name of the folder that has what was there before. */
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z$/;

/** The folder that gets what restored data replace: the old data directory, files of the server from elsewhere, and the journal. */
export function placeOf(datadir: string, date: string): string {
  return `${datadir}${MARK}${date}`;
}

/** Where in that folder the files from another folder are. */
export function asideOf(place: string, folder: string): string {
  return `${place}/outside${folder}`;
}

/** Where in that folder the restored data are when they have been taken out again. */
export function takenOutOf(place: string): string {
  return `${place}/restored`;
}

/** The data directory and the date that the path of such a folder names; undefined: it is none. */
export function parsePlace(place: string): { readonly datadir: string; readonly date: string } | undefined {
  const at = place.lastIndexOf(MARK);
  const date = place.slice(at + MARK.length);
  return at > 0 && DATE.test(date) ? { datadir: place.slice(0, at), date } : undefined;
}

/** Whether a text is such a date. */
export function isDate(text: string): boolean {
  return DATE.test(text);
}
