/**
 * Text as roff takes it (man(7)): backslashes doubled, hyphens that can be copied into a shell, straight quotes, and no line
 * that begins as a request does. What stands in backticks becomes bold.
 */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll(/\\\(ga(.+?)\\\(ga/g, '\\fB$1\\fR')
    .replaceAll(/^\./gm, '\\&.');
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

/** A tagged paragraph: the term, and what is said of it, indented. */
export function tagged(term: string, text: string): string {
  return `.TP\n${bold(term)}\n${roff(text)}`;
}

/** The first line of a page; without a date, so that the same source makes the same page. */
export function title(name: string, section: number, version: string): string {
  return `.\\" Made from the source by packaging/manual; do not edit.\n.TH ${name.toUpperCase().replaceAll('-', '\\-')} ${section} "" "twindb\\-backup ${version}" "TwinDB Backup"`;
}
