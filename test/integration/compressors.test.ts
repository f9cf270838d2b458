import { testCompressor } from '../contract/compressor.ts';

testCompressor('pigz', { command: 'gzip' });
testCompressor('bzip2', { command: 'bzip2' });
testCompressor('lbzip2', { command: 'bzip2' });
