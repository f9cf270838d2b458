import { examineAll } from '../jobs/doctor/doctor.ts';
import type { Finding, Severity } from '../jobs/doctor/finding.ts';
import { showStep } from '../jobs/show-step.ts';
import type { CommandContext } from './command.ts';

interface DoctorOptions {
  readonly lockFile: string;
  readonly json?: boolean;
}

/** How a finding begins; as wide as the widest. */
const SAYS: Readonly<Record<Severity, string>> = {
  ok: 'ok      ',
  note: 'note    ',
  warning: 'WARNING ',
  failure: 'FAILURE ',
};

/** Examines all that the next run depends on. Returns false when that run would fail. */
export async function doctor(
  { lockFile, json = false }: DoctorOptions,
  context: CommandContext,
): Promise<boolean> {
  const findings: Finding[] = [];
  await showStep(context, ['Trying what the next backup needs'], () =>
    examineAll({ ...context, lockPath: lockFile }, (finding) => {
      findings.push(finding);
      if (!json) context.print(format(finding));
    }),
  );
  const success = findings.every(({ severity }) => severity !== 'failure');
  if (json) context.print(JSON.stringify({ success, findings }, undefined, 2));
  else context.log.info(success ? '\nThe next run can work.' : '\nThe next run would fail.');
  return success;
}

/** What to do stands below what is, behind the same margin. */
function format({ part, severity, message }: Finding): string {
  const margin = SAYS[severity].replaceAll(/./g, ' ');
  return `${SAYS[severity]}${part}: ${message.replaceAll('\n', `\n${margin}`)}`;
}
