import type { SavedConfig } from '../../copies/mysql-copy.ts';
import { type OptionLine, optionLines } from './option-line.ts';

/**
 * Options of servers, clients and backup programs whose value is a secret: `password`, `report_password`, `wsrep_sst_auth`,
 * `ssl_passphrase`, `file_key_management_filekey`, `hashicorp_key_management_token`, `encrypt_key`, `s3_secret_key`, … Source: the
 * option references of MySQL, MariaDB, Galera and XtraBackup; `aws_secret_access_key` is what the AWS tools call it.
 */
const SECRET =
  /^(.+-)?(password|passwd|passphrase|sst-auth|filekey|token|secret|secret-key|secret-access-key|encrypt-key|transition-key)$/i;

/** Named alike, and no secrets: switches, and the plugins for authentication. */
const HARMLESS = /(^|-)(expired|native|sha256|sha2)-password$/i;

/** Stands in each line that was blanked; `hasBlanked` looks for it. */
const MARK = 'twindb-backup left the value out';

/**
 * The files without the values of options that hold secrets: such lines become comments. For a status that lies, not
 * encrypted, beside copies that are.
 */
export function blankSecrets(config: readonly SavedConfig[]): SavedConfig[] {
  return mapContents(config, (bytes) => {
    // Every byte is one character, so that whatever the encoding the rest stays as it is.
    const lines = Array.from(optionLines(bytes.toString('latin1')), blankLine);
    return Buffer.from(lines.join('\n'), 'latin1');
  });
}

/** Whether `blankSecrets` has left something out of these files. */
export function hasBlanked(config: readonly SavedConfig[]): boolean {
  return config.flatMap((file) => Object.values(file)).some((base64) => decode(base64).includes(MARK));
}

function blankLine({ text, option }: OptionLine): string {
  // What a `#` turns into a comment may be a secret that should have had quotes.
  const hidden = option?.value === undefined ? '' : `${option.value}${option.tail}`.trim();
  if (option === undefined || hidden === '' || !isSecret(option.name)) return text;
  return `# ${option.name} = (${MARK}: copies are encrypted, and this file is not)`;
}

function isSecret(option: string): boolean {
  const name = option.replaceAll('_', '-');
  return SECRET.test(name) && !HARMLESS.test(name);
}

/**
 * A line that a server or a backup program says, without its secrets: the values of options that hold one (mariabackup prints
 * what it gives to plugins, and all programs quote an option that they refuse), and what SHOW GRANTS of MariaDB tells of an
 * account's password. The rest of the line goes as well, for a value may hold anything. Before a colon only what looks like an
 * option is one: what says `(using password: YES)` stays.
 */
export function redactSecrets(line: string): string {
  // From the beginning of a word only: a line may be long, and without that its length counts squared.
  const assignments = [...line.matchAll(/(?<![\w-])([\w-]+)\s*([=:])/g)];
  const first = assignments.find(
    ([, name = '', sign]) => isSecret(name) && (sign === '=' || /[-_]/.test(name)),
  );
  const plain = first === undefined ? line : `${line.slice(0, first.index + first[0].length)}…`;
  return plain.replace(/\bIDENTIFIED (BY|VIA|WITH)\b.*/i, 'IDENTIFIED …');
}

function mapContents(config: readonly SavedConfig[], each: (bytes: Buffer) => Buffer): SavedConfig[] {
  return config.map((file) =>
    Object.fromEntries(
      Object.entries(file).map(([path, base64]) => [path, each(decode(base64)).toString('base64')]),
    ),
  );
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
