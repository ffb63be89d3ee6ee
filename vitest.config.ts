import { defineConfig } from 'vitest/config'

const shared = { environment: 'node' as const, testTimeout: 20_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/{lib,commands,contracts,docs}/**/*.test.ts', 'test/*.test.ts'],
        },
      },
      { test: { ...shared, name: 'scenario', include: ['test/scenarios/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
