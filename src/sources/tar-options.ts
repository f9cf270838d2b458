import { TwinDbError } from '../errors.ts';
import { readTarOptions, type TarOption } from './tar-option-words.ts';

const list = (names: string): string[] => names.split(' ');

/** Why options cannot be had, and what to do instead. What can be made harmless is not here: see `openFileSource`. */
const REFUSED: readonly {
  readonly names: readonly string[];
  readonly reason: string;
  readonly remedy?: string;
}[] = [
  {
    names: list(
      'gzip gunzip ungzip compress uncompress bzip2 xz lzip lzma lzop zstd use-compress-program auto-compress',
    ),
    reason: 'a copy is compressed once, and a restore could not read what tar has compressed before',
    remedy: 'Remove it from tar_options, and choose [compression] program.',
  },
  { names: ['remove-files'], reason: 'the files would be deleted before their copy is stored' },
  {
    names: ['listed-incremental'],
    reason: 'a run that fails would move the snapshot on, and what changed before it would be in no copy',
  },
  { names: ['no-recursion'], reason: 'the copy would hold the directory without its files' },
  {
    names: ['multi-volume', 'tape-length', 'info-script', 'new-volume-script'],
    reason: 'a copy is one archive, which cannot go on in another volume',
  },
  { names: ['file'], reason: 'the archive would not go to the destination' },
  {
    names: list(
      'catenate concatenate append update delete diff compare extract get list test-label help usage version show-defaults show-snapshot-field-ranges',
    ),
    reason: 'tar would not make an archive',
  },
  { names: ['--'], reason: 'the options that have to follow would be taken for names of files' },
];

/**
 * Why directories cannot be backed up with these words of `[source] tar_options`; undefined when they can. tar itself refuses
 * what is not known here.
 */
export function findRefusedOption(words: readonly string[]): TwinDbError | undefined {
  for (const option of readTarOptions(words)) {
    if (option.lacksArgument) return refuse(option, 'its argument is missing', 'Correct tar_options.');
    for (const { names, reason, remedy = 'Remove it from tar_options.' } of REFUSED) {
      const name = option.names.find((each) => names.includes(each));
      if (name !== undefined) return refuse(option, reason, remedy, name);
    }
  }
  return undefined;
}

function refuse({ word }: TarOption, reason: string, remedy: string, name?: string): TwinDbError {
  const isPlain = name === undefined || name === word || word.split('=', 1)[0] === `--${name}`;
  const shown = isPlain ? word : `${word} (--${name})`;
  return new TwinDbError(`[source] tar_options cannot have ${shown}: ${reason}`, { remedy });
}
