import type { ExportConfigOf } from '../config/exporters.ts';
import { summarise } from './metrics.ts';
import type { Exporter } from './report.ts';
import { formatLines } from './statsd-lines.ts';
import { sendDatagram } from './udp.ts';

/** Timings, and gauges for the rest, in one datagram to a StatsD server. */
export const exportToStatsd: Exporter<ExportConfigOf<'statsd'>> = async ({ host, port }, report, signal) => {
  const lines = formatLines(summarise(report), { timeType: 'ms', withTags: false });
  const server = { host, port, what: 'the StatsD server', options: 'statsd_host and statsd_port' };
  await sendDatagram(server, lines, signal);
};
