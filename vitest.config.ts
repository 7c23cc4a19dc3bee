import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'threads',
    // Some wait for queues most of their time.
    maxWorkers: '150%',
    // Only against hanging: how fast things are is the benchmark's to say.
    testTimeout: 300_000,
  },
});
