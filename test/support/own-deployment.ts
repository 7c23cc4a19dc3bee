import { test } from 'vitest';
import { Bundles } from './bundles.ts';
import { Deployment } from './deployment.ts';

/** A test that is given the functions, bundled once for its file, and a deployment of them that no other test has. */
export const it = test
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads what a fixture needs from the pattern
  .extend('bundles', { scope: 'file' }, async ({}, { onCleanup }) => {
    const bundles = await Bundles.build();
    onCleanup(() => bundles.remove());
    return bundles;
  })
  .extend('deployment', async ({ bundles }, { onCleanup }) => {
    const deployment = await Deployment.of(bundles);
    onCleanup(() => deployment.stop());
    return deployment;
  });
