import { defineConfig } from 'vitest/config';

/** `npm run test:unit`: rules and words, in seconds; no process is started and no database opened. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: [
      'test/*.test.ts',
      'test/{lib,tiers,policies,schedule,plan,messages,runs,audits,memory}/**/*.test.ts',
      'test/runner/{supervise,output,adapters,context}/**/*.test.ts',
      'test/store/log/event-types.test.ts',
      'test/{stops/root-cause,triggers/condition,triggers/due,tasks/states}.test.ts',
    ],
    // Hundreds of packages through ESLint: minutes.
    exclude: ['test/policies/measure/eslint.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
