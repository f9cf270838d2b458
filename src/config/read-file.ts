import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ConfigError, codeOf } from '../errors.ts';
import { refuseWorldWritable } from '../writers.ts';

/** Readable by the group or by others. */
const READABLE_BY_OTHERS = 0o044;

export interface ConfigText {
  readonly text: string;
  /** Whether anyone but the owner may read the file. */
  readonly readableByOthers: boolean;
}

function remedyFor(error: unknown): string {
  switch (codeOf(error) ?? '') {
    case 'ENOENT':
      return 'Create it, or name another file with --config PATH.';
    case 'EACCES':
    case 'EPERM':
      return 'Run the command as root, or let its user read the file.';
    default:
      return 'Name a readable file with --config PATH.';
  }
}

/** Bytes of another encoding are harmless in comments; in a value they would name something else. */
function findForeignLine(text: string): number | undefined {
  const index = text
    .split(/\r\n|\r|\n/)
    .findIndex((line) => line.includes('\uFFFD') && !/^\s*[#;]/.test(line));
  return index === -1 ? undefined : index + 1;
}

/** Reads the configuration file, dropping a byte order mark. Throws a ConfigError that names file and reason, also when everyone may write to it. */
export function readConfigFile(file: string): ConfigText {
  let bytes: Buffer;
  let mode: number;
  try {
    const descriptor = openSync(file, 'r');
    try {
      const stats = fstatSync(descriptor);
      mode = stats.mode;
      if (stats.isFile()) refuseWorldWritable('The configuration file', file, mode);
      bytes = readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`Cannot read the configuration file ${file}`, {
      cause,
      remedy: remedyFor(cause),
    });
  }
  const text = new TextDecoder().decode(bytes);
  const foreign = isUtf8(bytes) ? undefined : findForeignLine(text);
  if (foreign !== undefined) {
    throw new ConfigError(`${file}: line ${foreign}: this is not UTF-8`, {
      remedy: 'Save the file in UTF-8.',
    });
  }
  return { text, readableByOthers: (mode & READABLE_BY_OTHERS) !== 0 };
}
