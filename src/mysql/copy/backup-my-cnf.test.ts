import { describe, expect, it } from 'vitest';
import { dropUnknownOptions, findOption, readKnownOptions } from './backup-my-cnf.ts';

const KNOWN = new Set(['innodb-page-size', 'innodb-log-file-size', 'log-bin']);

describe('the options of a copy', () => {
  it('that are not known become comments, all else stays byte for byte', () => {
    const content = [
      '# This options file was generated',
      '',
      '[mysqld]',
      'innodb_page_size=16384',
      'redo_log_version=1',
      'INNODB-LOG-FILE-SIZE = 48M',
      'server_uuid=12-34',
      'skip-log-bin',
      '',
    ];
    const fitted = dropUnknownOptions(content.join('\n'), KNOWN);
    expect(fitted.dropped).toEqual(['redo-log-version', 'server-uuid']);
    content[4] = '# not known here: redo_log_version=1';
    content[6] = '# not known here: server_uuid=12-34';
    expect(fitted.content).toBe(content.join('\n'));
  });

  it('that belong to a plugin the file loads stay, since no help lists them', () => {
    const content =
      'plugin_load_add=file_key_management.so\nfile_key_management_filename=/k\nfile_keys=1\nhashicorp_url=u';
    expect(dropUnknownOptions(content, KNOWN).dropped).toEqual(['file-keys', 'hashicorp-url']);
  });

  it('may end with CR or have a comment', () => {
    const content = 'plugin_load=provider_lz4.so # not file_keys\r\nfile_keys=1\r\nnope # why\r\n';
    expect(dropUnknownOptions(content, KNOWN).dropped).toEqual(['file-keys', 'nope']);
    expect(findOption(content, 'plugin-load')).toBe('provider_lz4.so');
  });

  it('marked loose stay: the programs pass them over by themselves', () => {
    expect(dropUnknownOptions('loose-anything=1', KNOWN).dropped).toEqual([]);
  });

  it('are found in either spelling, the last one counts', () => {
    expect(findOption('innodb_log_file_size=1\ninnodb-log-file-size = 2', 'innodb_log_file_size')).toBe('2');
    expect(findOption('# innodb_log_file_size=1', 'innodb_log_file_size')).toBeUndefined();
  });
});

describe("a program's help", () => {
  const lines = Array.from({ length: 60 }, (_, index) => `  --option-${index}=#      what --other does`);

  it('tells the options by their first column', () => {
    const help = [
      ...lines,
      '  -V, --verbose       display',
      '  --innodb_log_file_size[=name]',
      '  --[no-]defaults',
    ].join('\n');
    const known = readKnownOptions(help);
    for (const name of ['option-0', 'option-59', 'verbose', 'innodb-log-file-size', 'defaults'])
      expect(known?.has(name)).toBe(true);
    expect(known?.has('other')).toBe(false);
  });

  it('that cannot be understood tells nothing, so that nothing is dropped for it', () => {
    expect(readKnownOptions('usage: --one --two')).toBeUndefined();
  });
});
