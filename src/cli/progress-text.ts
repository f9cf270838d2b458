import stringWidth from 'string-width';
import { formatBytes, formatDuration } from '../units.ts';

/** How far a piece of work has come. */
export interface Standing {
  /** What is being done: `Reading`; empty: the title says it. */
  readonly phase: string;
  /** What it is done with; foreign text is quoted. */
  readonly title: string;
  /** Undefined: nothing is counted. */
  readonly bytes: number | undefined;
  /** Bytes in all; undefined: not known. */
  readonly total: number | undefined;
  /** The total is a guess, such as the size of the last copy. */
  readonly isGuess: boolean;
  /** Bytes a second, of late. */
  readonly rate: number;
  /** Seconds since it began. */
  readonly seconds: number;
}

/** A rate of less time than this says nothing about the rest. Seconds. */
const ETA_AFTER = 2;

/** How much of a title has to be seen, or the line is better without it. */
const LEAST_TITLE = 16;

/**
 * The text of a line that is narrower than `columns`: phase, title, share of the total, rate, and the time left, or where that is not known the
 * time so far. Where that is too wide, first the beginning of the title is left out, then all of it, then the total, the rate, and last the phase.
 */
export function describe(standing: Standing, columns: number): string {
  const { phase, title } = standing;
  const whole = [phase, title].filter((text) => text !== '').join(' ');
  const [widest = '', ...narrower] = figuresOf(standing);
  const room = columns - 1 - stringWidth(`: ${widest}`);
  if (room >= Math.min(stringWidth(whole), stringWidth(phase) + LEAST_TITLE))
    return `${shortenTitle(phase, title, room)}: ${widest}`;
  const short = phase === '' ? title : phase;
  const figures = [widest, ...narrower];
  const texts = [...figures.map((each) => `${short}: ${each}`), ...figures];
  return texts.find((text) => stringWidth(text) < columns) ?? fit(texts.at(-1) ?? '', columns);
}

/** The figures, from the most to the fewest. */
function figuresOf({ bytes, total, isGuess, rate, seconds }: Standing): string[] {
  if (bytes === undefined) return [formatDuration(seconds)];
  const share = shareOf(bytes, total, isGuess);
  const left =
    share !== undefined && total !== undefined && rate > 0 && seconds >= ETA_AFTER
      ? `${formatDuration(Math.ceil((total - bytes) / rate))} left`
      : formatDuration(seconds);
  const speed = `${formatBytes(rate)}/s`;
  const sizes =
    share === undefined || total === undefined
      ? [formatBytes(bytes)]
      : [`${share} of ${isGuess ? '~' : ''}${formatBytes(total)}`, share];
  return [...sizes.map((size) => [size, speed, left].join(', ')), `${sizes.at(-1)}, ${left}`];
}

/** Undefined where it is not known: a copy can become larger than the last one. */
function shareOf(bytes: number, total: number | undefined, isGuess: boolean): string | undefined {
  if (!total || bytes > total) return undefined;
  const percent = Math.floor((bytes / total) * 100);
  return `${isGuess ? Math.min(99, percent) : percent}%`;
}

/** Phase and title in so many columns: the end of a path says more than its beginning. */
function shortenTitle(phase: string, title: string, columns: number): string {
  if (title === '') return phase;
  if (phase === '') return fit(title, columns + 1);
  return `${phase} ${fit(title, columns - stringWidth(phase))}`;
}

const graphemes = new Intl.Segmenter();

/**
 * The end of a text that is narrower than `columns`, counted in columns: East Asian characters take two.
 */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) < columns) return text;
  const kept: string[] = [];
  let room = columns - 2;
  for (const { segment } of [...graphemes.segment(text)].toReversed()) {
    room -= stringWidth(segment);
    if (room < 0) break;
    kept.unshift(segment);
  }
  return `…${kept.join('')}`;
}
