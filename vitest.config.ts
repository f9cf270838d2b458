import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Two projects, so that the tests beside the source run without any server: `npx vitest run --project unit`.
const unit = [
  'src/**/*.test.ts',
  'packaging/**/*.test.ts',
  'test/architecture*.test.ts',
  // The contract of a destination that needs no server.
  'test/contract/local.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests wait for other programs more than they work: vitest's one file at a time on two cores leaves half of them idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', './test/lab/tally.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/**/*.test.ts'],
          // The packages have a config of their own: `make test-packages`.
          exclude: [
            ...unit,
            'test/packages/**',
            ...(process.env['TWINDB_SLOW'] ? [] : ['**/*.slow.test.ts']),
            ...(process.env['LAB_KIND'] === 'mysql' ? [] : ['test/matrix/**']),
          ],
          globalSetup: ['test/lab/global-setup.ts'],
          // Real servers on a shared machine: in CI one stumble is reported as a retry, two are a failure.
          retry: process.env['CI'] ? 1 : 0,
        },
      },
    ],
  },
});
