import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { testMs, waitMs } from './test/helpers/patience.ts';

/** Minutes, not seconds: the machine may be slow or busy, and every wait in a test waits for a condition. */
const patient = { testTimeout: testMs, hookTimeout: testMs, expect: { poll: { timeout: waitMs } } };
const withCluster = ['./test/helpers/cluster-setup.ts'];
const folders = ['contract', 'cluster', 'e2e', 'browser', 'infra'];

export default defineConfig({
  test: {
    // Most tests wait for processes: one worker would leave a machine with two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', './test/helpers/summary-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: folders.map((folder) => `test/${folder}/**`),
          ...patient,
        },
      },
      { test: { name: 'infra', include: ['test/infra/**/*.test.ts'], ...patient } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...patient } },
      { test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], globalSetup: withCluster, ...patient } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...patient } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...patient } },
    ],
  },
});
