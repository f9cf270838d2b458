import { defineConfig } from 'vitest/config';

// Apart from the others: it takes root, chroots and built packages. `make test-packages` runs it.
export default defineConfig({
  test: {
    include: ['test/packages/**/*.test.ts'],
    testTimeout: 600_000,
    reporters: ['default', './test/lab/tally.ts'],
  },
});
