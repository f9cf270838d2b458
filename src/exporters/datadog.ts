import type { ExportConfigOf } from '../config/exporters.ts';
import { postSeries } from './datadog-api.ts';
import { summarise } from './metrics.ts';
import type { Exporter } from './report.ts';
import { formatLines } from './statsd-lines.ts';
import { sendDatagram } from './udp.ts';

/** Gauges in one DogStatsD datagram to the agent, or to Datadog itself when the configuration says so. */
export const exportToDatadog: Exporter<ExportConfigOf<'datadog'>> = async ({ via }, report, signal) => {
  const metrics = summarise(report);
  switch (via.kind) {
    case 'agent': {
      const lines = formatLines(metrics, { timeType: 'g', withTags: true });
      const agent = { ...via, what: 'the Datadog agent', options: 'agent_host and agent_port' };
      return await sendDatagram(agent, lines, signal);
    }
    case 'api':
      return await postSeries(via, metrics, report.host, signal);
  }
};
