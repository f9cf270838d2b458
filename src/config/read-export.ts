import { EXPORTERS, type ExportConfig, TRANSPORTS } from './exporters.ts';
import { listWords } from './kinds.ts';
import type { Options } from './options.ts';

/** Where metrics go. A backup must not fail for want of its metrics: what is missing is a warning, and none are sent. */
export function readExport(
  options: Options,
  file: string,
  warn: (message: string) => void,
): ExportConfig | undefined {
  if (!options.has('export')) return undefined;
  const refuse = (problem: string): undefined => {
    warn(`${file}: [export] ${problem}`);
  };
  const transport = options.get('export', 'transport');
  if (transport === undefined) {
    const choices = listWords(TRANSPORTS.map((each) => `transport=${each}`));
    return refuse(`transport is missing, no metrics are sent; write ${choices}`);
  }
  // The type of the schema has no exporter's options: a row says by itself what its own are read as.
  const config = EXPORTERS[transport].read(
    (name: string) => options.get('export', name as 'transport') as never,
    refuse,
  );
  return config && ({ transport, ...config } as ExportConfig);
}
