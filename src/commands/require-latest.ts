import { LATEST } from '../catalogue/newest-copies.ts';
import { TwinDbError } from '../errors.ts';

/** Throws a TwinDbError when options that choose what `latest` is are given beside the name of a copy: they would have no effect. */
export function requireLatest(
  copy: string,
  options: {
    readonly before?: Date | undefined;
    readonly source?: string | undefined;
    readonly hostname?: string | undefined;
  },
): void {
  const [unused] = Object.entries(options).filter(([, value]) => value !== undefined);
  if (copy === LATEST || unused === undefined) return;
  throw new TwinDbError(`--${unused[0]} is for "latest", and a copy is named; nothing was done`, {
    remedy: `Leave out --${unused[0]}, or write latest in the place of the copy.`,
  });
}
