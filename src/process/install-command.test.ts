import { expect, test } from 'vitest';
import { installCommand } from './install-command.ts';

// The lines of the systems' own files.
test.each([
  [
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
    'apt-get install gnupg ncat',
  ],
  [
    'NAME="Linux Mint"\nVERSION_ID="22"\nID=linuxmint\nID_LIKE="ubuntu debian"\n',
    'apt-get install gnupg ncat',
  ],
  ['ID=fedora\nVERSION_ID=43\n', 'dnf install gnupg2 nmap-ncat'],
  ['ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.6"\n', 'dnf install gnupg2 nmap-ncat'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"\n', 'dnf install gnupg2 nmap-ncat'],
  ['ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n', 'yum install gnupg2 nmap-ncat'],
  ['ID="ol"\nVERSION_ID="7.9"\nID_LIKE="fedora"\n', 'yum install gnupg2 nmap-ncat'],
  ['ID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"\n', 'yum install gnupg2 nmap-ncat'],
  ['ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n', 'dnf install gnupg2 nmap-ncat'],
  ["ID='opensuse-leap'\nID_LIKE='suse opensuse'\nVERSION_ID='15.6'\n", 'zypper install gpg2 ncat'],
  ['ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.5"\n', 'zypper install gpg2 ncat'],
  ['ID=alpine\nVERSION_ID=3.22.1\n', 'apk add gnupg nmap-ncat'],
  ['ID=arch\n', 'pacman -S gnupg nmap'],
  ['ID=somethingelse\n', 'apt-get install gnupg ncat'],
  ['', 'apt-get install gnupg ncat'],
])('%j: %s', (osRelease, command) => {
  expect(installCommand(['gnupg', 'ncat'], osRelease)).toBe(command);
});
