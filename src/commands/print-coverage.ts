import { openCatalogue } from '../catalogue/catalogue.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { type HostCoverage, listCoverage } from '../jobs/recover/list-coverage.ts';
import type { CoverageGap, CoverageWindow } from '../jobs/recover/plan-coverage.ts';
import { formatSecond } from '../mysql/binlog/format-moment.ts';
import type { CommandContext } from './command.ts';

interface CoverageOptions {
  readonly hostname?: string | undefined;
  readonly json: boolean;
}

/** Prints for each host when every second can be restored. Returns false when not all could be looked at. */
export async function printCoverage(
  { hostname, json }: CoverageOptions,
  context: CommandContext,
): Promise<boolean> {
  const { hosts, isComplete } = await listCoverage(hostname, openCatalogue(context), context);
  if (json) context.print(JSON.stringify({ hosts: hosts.map(toJson) }, undefined, 2));
  else if (hosts.length === 0 && isComplete)
    context.print(`There are no copies of MySQL on ${context.destination.url}`);
  else for (const line of hosts.flatMap(toText)) context.print(line);
  return isComplete;
}

function toText({ host, windows, gaps, withoutLogs }: HostCoverage): string[] {
  const spans = [
    ...windows.map((each) => ({ from: each.from, text: describeWindow(each) })),
    ...gaps.map((each) => ({ from: each.from + 0.5, text: describeGap(each) })),
  ].toSorted((a, b) => a.from - b.from);
  const last = windows.at(-1);
  return [
    quoteLocation(host),
    ...spans.map(({ text }) => `  ${text}`),
    ...(last === undefined ? [] : [`  then: ${last.reason}`]),
    ...withoutLogs.map(({ key, problem }) => `  only as it is: ${quoteLocation(key)}: ${problem}`),
  ];
}

function describeWindow({ from, to, base, copies, logs }: CoverageWindow): string {
  const count = (number: number, what: string, whats: string) => `${number} ${number === 1 ? what : whats}`;
  const parts = `${count(copies, 'copy', 'copies')}, ${count(logs, 'log', 'logs')}, the oldest copy ${quoteLocation(base)}`;
  return logs === 0
    ? `${formatSecond(from)}  only this moment: ${parts}`
    : `${formatSecond(from)} to ${formatSecond(to)}  every second: ${parts}`;
}

function describeGap({ from, to, reason }: CoverageGap): string {
  return `${formatSecond(from)} to ${formatSecond(to)}  gap: ${reason}`;
}

/** The documented shape of `ls --coverage --json`; see docs/usage.md. */
function toJson({ host, windows, gaps, withoutLogs }: HostCoverage): object {
  const span = ({ from, to }: CoverageGap | CoverageWindow) => ({
    from: formatSecond(from),
    to: formatSecond(to),
  });
  return {
    host,
    windows: windows.map((each) => ({
      ...span(each),
      base: each.base,
      copies: each.copies,
      logs: each.logs,
      end: each.reason,
      gap: each.endsInGap,
    })),
    gaps: gaps.map((each) => ({ ...span(each), reason: each.reason })),
    only_as_they_are: withoutLogs,
  };
}
