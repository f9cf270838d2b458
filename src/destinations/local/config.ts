import { absolutePath } from '../../config/kinds.ts';
import { option, type SectionOptions } from '../../config/option.ts';

export interface LocalConfig {
  readonly kind: 'local';
  readonly backupDir: string;
}

export const options = {
  backup_dir: option(absolutePath, '/var/backup', 'Directory on this machine that holds the copies.'),
};

export function read(section: SectionOptions<typeof options>): LocalConfig {
  return { kind: 'local', backupDir: section.get('backup_dir') };
}

export const folder = { option: 'backup_dir', of: ({ backupDir }: LocalConfig) => backupDir } as const;

/** What the sample configuration says below `[local]`. */
export const sample = `# For disks of this machine, or a mounted NFS share. Copies on the disk they were made from are no backup.
backup_dir=/var/backup
`;
