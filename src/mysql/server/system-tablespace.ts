import { resolve } from 'node:path';

/**
 * The files of InnoDB's system tablespace, at least one. They may lie elsewhere than in the data directory; relative names
 * are meant from there. `variable` is that of the server.
 */
export async function systemTablespace(
  datadir: string,
  variable: (name: string) => Promise<string | undefined>,
): Promise<[string, ...string[]]> {
  const [first = '', ...others] = ((await variable('innodb_data_file_path')) || 'ibdata1').split(';');
  const home = (await variable('innodb_data_home_dir')) || '.';
  const locate = (file: string) => resolve(datadir, home, file.slice(0, file.search(/:|$/)));
  return [locate(first), ...others.map(locate)];
}
