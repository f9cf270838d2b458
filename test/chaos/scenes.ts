import type { LabKind } from '../e2e/cli.ts';

/** What is backed up, how, and to where: each fault is tried in each scene that has points for it. */
export interface Scene {
  readonly name: string;
  readonly destination: LabKind;
  readonly source: 'files' | 'mysql';
  /** With gpg and keep_local_path. */
  readonly guarded: boolean;
  /** Of the one large file; 6 MB make an upload of several parts. */
  readonly bytes: number;
  /** How many of its points are tried for each one of a scene of files; a point of MySQL takes as long as 20 of files. */
  readonly share: number;
}

const FILES = { source: 'files', guarded: false, bytes: 20_000, share: 1 } as const;
const MYSQL = { source: 'mysql', guarded: true, bytes: 0, share: 0.04 } as const;

export const SCENES: readonly Scene[] = [
  { ...FILES, name: 'files-local', destination: 'local' },
  { ...FILES, name: 'files-local-gpg-kept', destination: 'local', guarded: true },
  { ...FILES, name: 'files-ssh', destination: 'ssh' },
  { ...FILES, name: 'files-s3', destination: 's3' },
  { ...FILES, name: 'files-s3-parts', destination: 's3', bytes: 6 << 20 },
  { ...MYSQL, name: 'mysql-local', destination: 'local' },
  { ...MYSQL, name: 'mysql-ssh', destination: 'ssh' },
  { ...MYSQL, name: 'mysql-s3', destination: 's3' },
];
