import type { Media } from '../../copies/key.ts';
import type { Decision } from '../../retention/plan.ts';
import type { CopyPlace } from './record-copy.ts';

/** What retention decides about a copy in one place. */
export interface PlaceDecision {
  readonly role: CopyPlace['role'];
  readonly media: Media;
  readonly key: string;
  /** The full path or URL. */
  readonly location: string;
  /** `leave`: it has expired, and nothing is deleted there. */
  readonly verdict: 'keep' | 'delete' | 'leave';
  readonly reason: string;
  /** Bytes as it is stored; undefined: not known. */
  readonly size: number | undefined;
}

/** Decisions of retention as those who asked for them are told. */
export function inPlace(
  { role, destination, format, appendOnly }: CopyPlace,
  decisions: readonly Decision<{ readonly key: string; readonly size?: number | undefined }>[],
): PlaceDecision[] {
  return decisions.map(({ copy: { key, size }, keep, reason }) => ({
    role,
    media: format.kind,
    key,
    location: destination.locate(key),
    verdict: keep ? 'keep' : appendOnly ? 'leave' : 'delete',
    reason,
    size,
  }));
}
