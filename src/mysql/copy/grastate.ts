/** Where a Galera node stood, as the backup program noted it. */
interface GaleraPosition {
  readonly uuid: string;
  readonly seqno: string;
}

/** `UUID:SEQNO`, behind which MariaDB may write more. Undefined when a file says something else. */
export function parseGaleraInfo(content: string): GaleraPosition | undefined {
  const [, uuid, seqno] =
    /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(-?\d+)/i.exec(content.trim()) ?? [];
  return uuid === undefined || seqno === undefined ? undefined : { uuid, seqno };
}

/**
 * The file that tells a Galera node where to go on, so that it need not get all data from another node (contract: restore
 * mysql). 2.1 is the version of this file's format, not that of Galera.
 */
export function formatGrastate({ uuid, seqno }: GaleraPosition): string {
  return [
    '# GALERA saved state',
    'version: 2.1',
    `uuid: ${uuid}`,
    `seqno: ${seqno}`,
    'safe_to_bootstrap: 0',
    '',
  ].join('\n');
}
