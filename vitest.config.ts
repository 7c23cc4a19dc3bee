import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'threads',
    // Only against hanging: how fast things are is the benchmark's to say.
    testTimeout: 300_000,
  },
});
