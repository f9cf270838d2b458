import { resolve } from 'node:path';

/**
 * The files of InnoDB's system tablespace, at least one. They may be elsewhere than in the data directory; relative names
 * are meant from there. `variable` is that of the server.
 */
export async function systemTablespace(
  datadir: string,
  variable: (name: string) => Promise<string | undefined>,
): Promise<[string, ...string[]]> {
  return tablespaceFiles(
    datadir,
    await variable('innodb_data_home_dir'),
    await variable('innodb_data_file_path'),
  );
}

/** The same by the values of these variables. */
export function tablespaceFiles(
  datadir: string,
  innodbDataHomeDir: string | undefined,
  innodbDataFilePath: string | undefined,
): [string, ...string[]] {
  const [first = '', ...others] = (innodbDataFilePath || 'ibdata1').split(';');
  const locate = (file: string) =>
    resolve(datadir, innodbDataHomeDir || '.', file.slice(0, file.search(/:|$/)));
  return [locate(first), ...others.map(locate)];
}
