import { hasServer } from '../backup/run-record.ts';
import type { DoctorContext, Report } from './finding.ts';

/** The server, where there is one. */
export async function examineServer(context: DoctorContext, report: Report): Promise<void> {
  const { mysql } = context.config;
  if (mysql === undefined || !hasServer(context.config)) return;
  // Loaded only here: most hosts have directories and no server.
  const { examineMysql } = await import('./examine-mysql.ts');
  await examineMysql(mysql, context, report);
}
