import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests wait for clocks and sockets more than they compute: two at a time also where there are two cores. */
const maxWorkers = Math.max(2, availableParallelism() - 1)
const shared = {
  environment: 'node' as const,
  testTimeout: 20_000,
  hookTimeout: 60_000,
  setupFiles: ['test/support/open-handles.ts'],
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          maxWorkers,
          name: 'unit',
          include: ['test/{lib,commands,contracts,docs}/**/*.test.ts', 'test/*.test.ts'],
        },
      },
      { test: { ...shared, maxWorkers, name: 'scenario', include: ['test/scenarios/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          maxConcurrency: 2,
        },
      },
    ],
  },
})
