/**
 * What children get to see: enough to find programs, keyrings and time zones. The rest stays here, because the
 * environment of a process is readable by others and may hold credentials (contract D10), and because variables
 * such as TAR_OPTIONS or GZIP would change what a copy contains.
 */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'GNUPGHOME'];

/** cron's own PATH, for an environment without one. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment for every child. Messages come in English, names keep their bytes. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: DEFAULT_PATH, ...Object.fromEntries(passedOn), LC_ALL: 'C.UTF-8' };
}
