import { expect, test } from 'vitest';
import { rewriteForIni } from './dialect.ts';

const rewrite = (source: string): string => rewriteForIni(source, '/cfg', () => undefined);

test('what ini reads correctly by itself stays as it is', () => {
  const plain = [
    '[s3]',
    'bucket=my-bucket.example',
    'backup_dirs=/etc /home',
    'level=6',
    'backup_mysql=true',
    'aws_secret_access_key=a/b+c=%:[d]',
  ].join('\n');
  expect(rewrite(plain)).toBe(plain);
});

test('only what ini would take for something else is written in another form', () => {
  expect(rewrite(`[a.b]\nBucket : x ; y\n__proto__=1\na[]="q"\ntar_options=--x\n  --y\n`)).toBe(
    ['[a%2Eb]', 'bucket="x ; y"', '%5F_proto__=1', 'a%5B%5D="\\"q\\""', 'tar_options="--x\\n--y"'].join('\n'),
  );
});
