import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where `make test-packages` has put the packages, and the bare systems. */
function folder(variable: 'TWINDB_PACKAGES' | 'TWINDB_CHROOTS'): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: these tests are run by make test-packages`);
  return value;
}

/** The package that ends so; there must be one only. */
export function packageFile(ending: string): string {
  const where = folder('TWINDB_PACKAGES');
  const [file, ...others] = readdirSync(where).filter((name) => name.endsWith(ending));
  if (file === undefined || others.length > 0) throw new Error(`${where} has to hold one ${ending}`);
  return join(where, file);
}

export function chroot(suite: string): string {
  return join(folder('TWINDB_CHROOTS'), suite);
}
