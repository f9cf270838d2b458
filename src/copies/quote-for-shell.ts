import { quote } from 'shlex';
import { hasControls } from '../foreign-text.ts';
import { quoteLocation } from './quote-location.ts';

/** A location or key as a word for a shell: what `quoteLocation` makes of it, or in quotes where a shell would take it apart. */
export function quoteForShell(location: string): string {
  return hasControls(location) ? quoteLocation(location) : quote(location);
}
