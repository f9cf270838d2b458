import type { DoctorContext, Report } from './finding.ts';

/** The key that signs the entries of copies. */
export async function examineKey({ integrity }: DoctorContext, report: Report): Promise<void> {
  const keyring = integrity.keys();
  if (keyring === undefined) {
    report.note(
      `${integrity.keyFile} is not there yet: the first backup makes it. Keep a copy of it elsewhere`,
    );
    return;
  }
  if (keyring.problem !== undefined) report.warn(keyring.problem);
  else report.ok(`${keyring.file} can be used. Keep a copy of it elsewhere`);
}
