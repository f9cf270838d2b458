import { optionLines } from '../server/option-line.ts';
import { nameOf } from './backup-my-cnf.ts';

/** Gives the value back as it may stand in the file; undefined when it may not. */
type Rule = (value: string) => string | undefined;

const NUMBER: Rule = (value) => (/^-?\d+[KMGT]?$/i.test(value) ? value : undefined);
const WORD: Rule = (value) => (/^\w*$/.test(value) ? value : undefined);
const UUID: Rule = (value) => (/^[0-9a-f-]{36}$/i.test(value) ? value : undefined);

/** The last segment of a path: the copy has the file itself, wherever its server had it. */
const FILE_NAME: Rule = (value) => {
  const name = value.slice(value.lastIndexOf('/') + 1);
  return name === '' || name === '.' || name === '..' ? undefined : name;
};

/** `NAME:SIZE[:autoextend[:max:SIZE]][;…]`. Source: the manual of MySQL, innodb_data_file_path. */
const DATA_FILES: Rule = (value) => {
  const files = value.split(';').map((file) => {
    const [, path = '', size] = /^([^:]+)((?::\w+)+)$/.exec(file.trim()) ?? [];
    const name = FILE_NAME(path);
    return name === undefined || size === undefined ? undefined : `${name}${size}`;
  });
  return files.includes(undefined) ? undefined : files.join(';');
};

/** The copy has them in its own folder. */
const HERE: Rule = () => './';

/** Plugins without which encrypted or compressed pages cannot be read, each with options of its own. */
const PLUGINS: readonly string[] = [
  'file_key_management',
  'aws_key_management',
  'hashicorp_key_management',
  'keyring_file',
  'keyring_vault',
  'keyring_encrypted_file',
  'provider_bzip2',
  'provider_lz4',
  'provider_lzma',
  'provider_lzo',
  'provider_snappy',
];

/** `[NAME=]LIBRARY[;…]`, each library by its bare name: a path would load what somebody has put there. */
const KNOWN_PLUGINS: Rule = (value) => {
  const wanted = value.split(/[;:]/).filter((each) => each !== '');
  const isKnown = (each: string) =>
    each.split('=').every((name) => PLUGINS.includes(name.toLowerCase().replace(/\.so$/, '')));
  return wanted.length > 0 && wanted.every(isKnown) ? wanted.join(';') : undefined;
};

/** What decides how the files of a copy are read, by the names of mariabackup and of XtraBackup 2.4 to 8.4. */
const RULES: Readonly<Record<string, Rule>> = {
  'innodb-checksum-algorithm': WORD,
  'innodb-log-checksum-algorithm': WORD,
  'innodb-log-checksums': WORD,
  'innodb-fast-checksum': WORD,
  'innodb-data-file-path': DATA_FILES,
  'innodb-log-file-size': NUMBER,
  'innodb-log-files-in-group': NUMBER,
  'innodb-log-block-size': NUMBER,
  'innodb-redo-log-capacity': NUMBER,
  'innodb-page-size': NUMBER,
  'innodb-undo-directory': HERE,
  'innodb-undo-tablespaces': NUMBER,
  'innodb-compression-level': NUMBER,
  'innodb-buffer-pool-filename': FILE_NAME,
  'innodb-doublewrite-file': FILE_NAME,
  'innodb-encrypt-log': WORD,
  'innodb-encrypt-tables': WORD,
  'innodb-redo-log-encrypt': WORD,
  'innodb-undo-log-encrypt': WORD,
  'lower-case-table-names': NUMBER,
  'redo-log-version': NUMBER,
  'server-id': NUMBER,
  'server-uuid': UUID,
  'master-key-id': NUMBER,
  'plugin-load': KNOWN_PLUGINS,
  'plugin-load-add': KNOWN_PLUGINS,
  'early-plugin-load': KNOWN_PLUGINS,
};

/** Of a plugin's own options any value may stand, also a path: the key file of an encrypted server is not in its copy. */
function ruleOf(name: string): Rule | undefined {
  const isPluginOption = PLUGINS.some((plugin) => name.startsWith(`${plugin.replaceAll('_', '-')}-`));
  return isPluginOption && /^[\w-]+$/.test(name) ? (value) => value : RULES[name];
}

/**
 * Bytes. The programs read 4094 of a line at once, and take what follows for the next line: an option could hide at the end of
 * a long value. There is room for the mark that makes the line a comment. Source: the buffer of my_default.c.
 */
const LONGEST_LINE = 4000;

interface AllowedOptions {
  readonly content: string;
  /** Names of the options that were left out. */
  readonly dropped: readonly string[];
}

/**
 * The options of a copy's backup-my.cnf that decide how its data are read, and nothing else. Whoever can write to a destination can
 * write this file, and a backup program that reads it would load libraries from the copy, or use files outside of it. Groups,
 * includes and comments are not taken over either.
 */
export function allowOptions(content: string): AllowedOptions {
  const allowed: string[] = [];
  const dropped: string[] = [];
  for (const { text, option } of optionLines(content.replaceAll('\r', '\n'))) {
    if (option === undefined) {
      if (/^\s*!/.test(text)) dropped.push(text.trim());
      continue;
    }
    const name = nameOf(option);
    const { equals, value = '' } = option;
    const plain = value.replace(/^(["'])(.*)\1$/, '$2');
    const kept = ruleOf(name)?.(plain);
    const written =
      kept === plain ? `${option.name}${equals}${value}` : `${name.replaceAll('-', '_')}=${kept}`;
    if (kept === undefined || Buffer.byteLength(written) > LONGEST_LINE) dropped.push(name);
    else allowed.push(written);
  }
  return { content: ['[mysqld]', ...allowed, ''].join('\n'), dropped };
}
