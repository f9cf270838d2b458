import { readFileSync } from 'node:fs';

/** Where a system says what it is, the first one that there is. Source: os-release(5). */
export const OS_RELEASE_FILES = ['/etc/os-release', '/usr/lib/os-release'] as const;

interface PackageManager {
  /** The values of ID and ID_LIKE that it goes with. */
  readonly systems: readonly string[];
  readonly install: string;
  /** What packages are called there, by their name at Debian; absent: the same. */
  readonly names: Readonly<Record<string, string>>;
}

const RED_HAT = { gnupg: 'gnupg2', ncat: 'nmap-ncat', 'libc-bin': 'glibc-common' };

/** The package managers that are told apart; a system that is none of them gets the words of the first one. */
const MANAGERS: readonly [PackageManager, ...PackageManager[]] = [
  { systems: ['debian', 'ubuntu'], install: 'apt-get install', names: {} },
  // Amazon Linux 2 and the releases 7 have no dnf.
  { systems: ['amzn 2', 'rhel 7', 'centos 7', 'ol 7'], install: 'yum install', names: RED_HAT },
  { systems: ['fedora', 'rhel', 'centos', 'amzn'], install: 'dnf install', names: RED_HAT },
  { systems: ['suse', 'sles'], install: 'zypper install', names: { gnupg: 'gpg2', 'libc-bin': 'glibc' } },
  { systems: ['alpine'], install: 'apk add', names: { ncat: 'nmap-ncat', 'libc-bin': 'musl-utils' } },
  { systems: ['arch'], install: 'pacman -S', names: { ncat: 'nmap', 'libc-bin': 'glibc' } },
];

/** The command that installs packages, named as Debian names them, on the system whose os-release this is; by itself, that of this machine. */
export function installCommand(packages: readonly string[], osRelease = readOsRelease()): string {
  const [id = '', ...others] = idsOf(osRelease);
  const [version = ''] = valueOf(osRelease, 'VERSION_ID').split('.');
  const release = `${id} ${version}`;
  // The release first: what it is like says nothing of how old it is.
  const manager =
    [release, id, ...others]
      .map((system) => MANAGERS.find(({ systems }) => systems.includes(system)))
      .find((found) => found !== undefined) ?? MANAGERS[0];
  return [manager.install, ...packages.map((name) => manager.names[name] ?? name)].join(' ');
}

function readOsRelease(): string {
  for (const file of OS_RELEASE_FILES) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // The next one may be there.
    }
  }
  return '';
}

/** Its own ID, and those of the systems that it is made from, the nearest first. */
function idsOf(osRelease: string): string[] {
  return [valueOf(osRelease, 'ID'), ...valueOf(osRelease, 'ID_LIKE').split(/\s+/)];
}

/** The value of a variable, which may be in quotes. */
function valueOf(osRelease: string, name: string): string {
  const [, value = ''] = new RegExp(`^${name}=(.*)$`, 'm').exec(osRelease) ?? [];
  return value.trim().replace(/^(["'])(.*)\1$/, '$2');
}
