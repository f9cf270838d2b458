import { InvalidArgumentError } from 'commander';

/** Of the parts, one of which is read each day: all are read within three years. */
const MAX_PARTS = 1000;

/**
 * Reads `5%` and `1/20` as one of 20 parts, and `20` as a number of copies. A percentage that does not divide 100 gets the next greater part that
 * there is: 30% is a third. The form 1/20 is for cron, to which a percent sign is the end of the line. Throws commander's error, which it
 * turns into a message about the option.
 */
export function parseSample(text: string): { readonly parts: number } | { readonly count: number } {
  const percent = Number(/^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1]);
  const parts =
    percent > 100 ? Number.NaN : Math.floor(100 / percent) || Number(/^1\/(\d+)$/.exec(text)?.[1]);
  if (parts >= 1 && parts <= MAX_PARTS) return { parts };
  const count = Number(/^\d+$/.exec(text)?.[0]);
  if (count >= 1 && Number.isSafeInteger(count)) return { count };
  throw new InvalidArgumentError(
    'It must be a part of the copies such as 5% or 1/20, or a number of them such as 20.',
  );
}
