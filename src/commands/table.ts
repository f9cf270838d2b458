import stringWidth from 'string-width';

/** The width of a terminal that does not say it, as one on a serial line. */
export const USUAL_WIDTH = 80;

/** A column: its title, and whether its values are numbers, which are aligned at their ends. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

const BETWEEN = '  ';

/** The rows below their titles, each a line without blanks at its end. Counted in columns of a terminal: East Asian characters take two. */
export function layOutTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => stringWidth(row[at] ?? ''))));
  return all.map((row) =>
    columns
      .map(({ isNumber = false }, at) => {
        const text = row[at] ?? '';
        const blanks = ' '.repeat((widths[at] ?? 0) - stringWidth(text));
        return isNumber ? blanks + text : text + blanks;
      })
      .join(BETWEEN)
      .trimEnd(),
  );
}

/** Words in as few lines as `width` allows; all but the first are indented. A word that is wider has a line of its own. */
export function wrapWords(words: readonly string[], width: number, indent = BETWEEN): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)}${BETWEEN}${word}`;
    if (lines.length === 0 || stringWidth(longer) > width)
      lines.push(lines.length === 0 ? word : indent + word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** Whether all lines fit. */
export function fitsInto(lines: readonly string[], width: number): boolean {
  return lines.every((line) => stringWidth(line) <= width);
}
