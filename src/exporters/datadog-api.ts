import type { DatadogApi } from '../config/exporters.ts';
import { TwinDbError } from '../errors.ts';
import { requestStatus } from '../http-request.ts';
import type { Metric } from './metrics.ts';
import { sendError } from './send-error.ts';

/** The number of the metric type "gauge". Source: Datadog API v2, submit metrics. */
const GAUGE = 3;

/**
 * Sends metrics as gauges of `host`, stamped with the time they arrive. The key goes into a header, and to no other
 * address than the configured one. Throws a TwinDbError when they are not accepted.
 */
export async function postSeries(
  { url, apiKey }: DatadogApi,
  metrics: readonly Metric[],
  host: string,
  signal: AbortSignal,
): Promise<void> {
  const where = `Datadog at ${new URL(url).host}`;
  const key = apiKey.reveal();
  // Node's own error for a value that cannot be in a header quotes it.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new TwinDbError(`Cannot send to ${where}: [export] api_key has characters that no key has`);
  }
  const timestamp = Math.floor(Date.now() / 1000);
  const series = metrics.map(({ name, value, tags }) => ({
    metric: name,
    type: GAUGE,
    points: [{ timestamp, value }],
    resources: [{ type: 'host', name: host }],
    tags,
  }));
  const status = await post(new URL('/api/v2/series', url), key, JSON.stringify({ series }), where, signal);
  if (status >= 200 && status < 300) return;
  const isDenied = status === 401 || status === 403;
  throw new TwinDbError(
    `Cannot send to ${where}: ${isDenied ? 'it refuses the API key' : 'it refuses the metrics'} (HTTP ${status})`,
    { remedy: `Correct ${isDenied ? 'api_key' : 'api_url'} in section [export].` },
  );
}

async function post(
  url: URL,
  key: string,
  body: string,
  where: string,
  signal: AbortSignal,
): Promise<number> {
  try {
    const headers = { 'content-type': 'application/json', 'dd-api-key': key };
    return await requestStatus({ method: 'POST', url, headers, body }, signal);
  } catch (cause) {
    throw sendError(where, cause, 'Check the network and api_url in section [export].');
  }
}
