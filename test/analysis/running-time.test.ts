import { expect, test } from 'vitest';
import { afterRunning } from '../../src/analysis/running-time.ts';
import { stopFor } from '../support/stop-for.ts';
import { waitUntil } from '../support/wait.ts';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test('what the process was stopped for is hardly counted', async () => {
  let fired = false;
  afterRunning(500, () => {
    fired = true;
  });
  stopFor(1000);
  await turn();
  await turn();
  expect(fired).toBe(false);
  const began = performance.now();
  await waitUntil(() => fired);
  expect(performance.now() - began).toBeGreaterThan(150);
});

test('it never fires early, and not at all once it was called off', async () => {
  const began = performance.now();
  let calledOff = 0;
  const callOff = afterRunning(150, () => calledOff++);
  await turn();
  callOff();
  await new Promise<void>((resolve) => afterRunning(300, resolve));
  expect(performance.now() - began).toBeGreaterThan(298);
  expect(calledOff).toBe(0);
});
