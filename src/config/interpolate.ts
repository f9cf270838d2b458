/** `%%`, or `%(name)s`; any other percent sign is itself. */
const REFERENCE = /%%|%\(([^)]+)\)s/g;

/** As in Python's configparser (MAX_INTERPOLATION_DEPTH). */
const MAX_DEPTH = 10;

/** Why a reference cannot be followed. */
export type InterpolationProblem = 'unknown' | 'too deep';

/**
 * Replaces `%%` by `%` and `%(name)s` by what `lookup` has under that name, which is interpolated in its turn.
 * Throws what `fail` makes of an unknown name or of references that run in a circle.
 */
export function interpolate(
  value: string,
  lookup: (name: string) => string | undefined,
  fail: (problem: InterpolationProblem, name: string) => Error,
  depth = 1,
): string {
  return value.replace(REFERENCE, (_match, name: string | undefined) => {
    if (name === undefined) return '%';
    if (depth >= MAX_DEPTH) throw fail('too deep', name);
    const found = lookup(name);
    if (found === undefined) throw fail('unknown', name);
    return interpolate(found, lookup, fail, depth + 1);
  });
}

/** The names that a value refers to, in lower case. */
export function listReferences(value: string): string[] {
  return [...value.matchAll(REFERENCE)].flatMap(([, name]) =>
    name === undefined ? [] : [name.toLowerCase()],
  );
}
