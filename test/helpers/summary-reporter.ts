import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Ends a run with the names of what was skipped and why, and with one plain line: `N passed, N failed, N skipped`.
 * A file that could not be read counts as one failure: it may hold any number of tests.
 */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = tests.filter((test) => test.result().state === 'failed').length + broken + unhandledErrors.length;
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    for (const test of skipped) process.stdout.write(`skipped: ${nameOf(test)}${reasonOf(test)}\n`);
    process.stdout.write(
      `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}\n`,
    );
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  return result.state === 'skipped' && result.note ? ` (${result.note})` : '';
}

// biome-ignore lint/style/noDefaultExport: Vitest loads a reporter by its default export.
export default SummaryReporter;
