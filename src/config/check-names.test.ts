import { expect, test } from 'vitest';
import { warnOfUnknownNames } from './check-names.ts';
import { parseRawConfig } from './raw-config.ts';
import { SCHEMA } from './schema.ts';

function warningsFor(source: string): string[] {
  const warnings: string[] = [];
  const raw = parseRawConfig(source, '/cfg', () => {});
  warnOfUnknownNames(raw, '/cfg', (message) => warnings.push(message));
  return warnings;
}

test.each([
  [
    '[retention]\ndayly_copies=3',
    '[retention] dayly_copies is not an option and is ignored; did you mean daily_copies?',
  ],
  ['[s3]\nbuket=x', '[s3] buket is not an option and is ignored; did you mean BUCKET?'],
  ['[s3]\nwhatever=x', '[s3] whatever is not an option and is ignored'],
  [
    '[source]\nkeep_local_path=/x',
    '[source] keep_local_path is not an option and is ignored; did you mean [destination] keep_local_path?',
  ],
  ['[retentoin]\nx=1\ny=2', '[retentoin] is not a section and is ignored; did you mean [retention]?'],
  ['[S3]\nBUCKET=x', '[S3] is not a section and is ignored; did you mean [s3]?'],
  ['[default]\nport=1', '[default] is not a section and is ignored; did you mean [DEFAULT]?'],
  ['[rsync]', '[rsync] is not a section and is ignored'],
  [
    '[DEFAULT]\nhost_kye_checking=strict',
    '[DEFAULT] host_kye_checking is not an option and is ignored; did you mean host_key_checking?',
  ],
  [
    '[source]\nbackup_dirs=/a\n/b',
    '[source] /b is not an option and is ignored; a line that continues the value above it must be indented',
  ],
  ['[s]\n__proto__=1', '[s] is not a section and is ignored; did you mean [s3]?'],
  ['[ssh]\nconstructor=1', '[ssh] constructor is not an option and is ignored'],
  ['[constructor]', '[constructor] is not a section and is ignored'],
])('%j raises a warning', (source, warning) => {
  expect(warningsFor(source)).toEqual([`/cfg: ${warning}`]);
});

test('no option of the schema raises a warning, in any case', () => {
  const lines = Object.entries(SCHEMA).flatMap(([section, rows]) => [
    `[${section}]`,
    ...Object.keys(rows).map((name, index) => `${index % 2 === 0 ? name.toUpperCase() : name}=x`),
  ]);
  expect(warningsFor(lines.join('\n'))).toEqual([]);
});

test('the options of az and gcs raise no warning, whatever they are', () => {
  expect(
    warningsFor('[az]\nconnection_string=a;b#c\nfoo=1\n[gcs]\nGCS_CREDENTIALS_FILE=/x\nbuket=y\n'),
  ).toEqual([]);
});

test('an option of any section may stand in [DEFAULT]', () => {
  expect(warningsFor('[DEFAULT]\nport=22\nbucket=x\n')).toEqual([]);
});

test('an option that another one refers to is read', () => {
  const source = '[DEFAULT]\nRoot=/srv\n[ssh]\nsub=%(ROOT)s/x\nbackup_dir=%(sub)s\nother=%%(sub)s\n';
  expect(warningsFor(source)).toEqual(['/cfg: [ssh] other is not an option and is ignored']);
});
