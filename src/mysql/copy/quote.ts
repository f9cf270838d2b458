import { quoteLocation } from '../../copies/quote-location.ts';

/** As a shell takes it for one word, a program for no option, and as one line. */
export function quote(text: string): string {
  const word = text.startsWith('-') ? `./${text}` : text;
  const line = quoteLocation(word);
  if (line !== word) return line;
  return /^[\w/.:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
