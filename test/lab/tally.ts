import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Ends a test run with one plain line for people and machines to read: `12 passed, 0 failed, 1 skipped`. */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      const before = count.failed;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      // A file that cannot be loaded, or whose hooks fail, has no failed test and has failed all the same.
      if (!module.ok() && count.failed === before) count.failed += 1;
    }
    // Rejections that no test waited for.
    count.failed += unhandled.length;
    // The lab did not start, or no test was found: neither is a success.
    if (modules.length === 0) count.failed += 1;
    // Pending is what an interrupted run did not come to.
    const skipped = count.skipped + count.pending;
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${skipped} skipped\n`);
  }
}
