import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';
import { containmentFiles } from './containment-files.ts';

/** The tests of containment alone, for another containment than that of the whole suite. */
export default defineConfig({
  ...base,
  root: `${import.meta.dirname}/../..`,
  test: { ...base.test, include: [...containmentFiles] },
});
