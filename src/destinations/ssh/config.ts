import { oneOf, path, port, remotePath, text } from '../../config/kinds.ts';
import { option, type SectionOptions } from '../../config/option.ts';

export interface SshConfig {
  readonly kind: 'ssh';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Path of the private key. */
  readonly keyFile: string;
  /** Folder on the server; a relative one begins at the user's home. */
  readonly backupDir: string;
  /** Path of the known_hosts file, `~` already expanded. */
  readonly knownHosts: string;
  /** `accept-new` pins an unknown host's key on first use; `strict` refuses an unknown host. */
  readonly hostKeyChecking: 'accept-new' | 'strict';
}

export const options = {
  backup_host: option(text, '127.0.0.1', 'Server that holds the copies.'),
  backup_dir: option(
    remotePath,
    '/var/backup',
    'Directory on the server that holds the copies; `~/` is the home of ssh_user there.',
  ),
  ssh_user: option(text, 'root', 'User to log in as.'),
  ssh_key: option(path, '/root/.ssh/id_rsa', 'Private key to log in with.'),
  port: option(port, '22', 'Port of the SSH server.'),
  known_hosts: option(
    path,
    '~/.ssh/known_hosts',
    'File with the host keys that are trusted, beside /etc/ssh/ssh_known_hosts.',
  ),
  host_key_checking: option(
    oneOf(['accept-new', 'strict']),
    'accept-new',
    'What to do about an unknown host: remember its key at first sight, or refuse it. A changed key is always refused.',
  ),
};

export function read(section: SectionOptions<typeof options>): SshConfig {
  return {
    kind: 'ssh',
    host: section.get('backup_host'),
    port: section.get('port'),
    user: section.get('ssh_user'),
    keyFile: section.get('ssh_key'),
    backupDir: section.get('backup_dir'),
    knownHosts: section.get('known_hosts'),
    hostKeyChecking: section.get('host_key_checking'),
  };
}

/** What the sample configuration says below `[ssh]`. */
export const sample = `# EDIT: the machine that keeps the copies, and how to log in there. \`clone mysql\` logs in likewise at
# the host that it is told, whatever the destination is.
backup_host=backup.example.com
port=22
ssh_user=root
ssh_key=/root/.ssh/id_rsa
# EDIT: the directory on that machine; ~/ is the home of ssh_user there.
backup_dir=/var/backup
# The keys of known hosts; accept-new notes down the key of a host never seen before, strict refuses
# it. A key that has changed is always an error.
known_hosts=/root/.ssh/known_hosts
host_key_checking=accept-new
`;
