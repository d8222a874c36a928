import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
gates:
  tests: { run: "true", setup: { run: "sleep 60", from: [package.json], keep: [kept] } }
tasks:
  a: { title: A, phase: build, write: ["a/**"], gates: [tests] }
`;

it('a gate that nobody waits for any more is ended in its set-up, without an error in the log', async () => {
  const errors: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  const line = await openLine('pglite', { plan, files: { 'package.json': '{}' }, extras: { log } });
  try {
    const hand = await line.mint('agent:a');
    const { change } = await line.offer(hand, 'a', { 'a/x': '1' });
    await waitUntil(async () => (await line.change(change)).gates[0]?.status === 'running');
    await hand.client.change.withdraw.mutate({ project: line.project, change, why: 'a mistake' });
    await line.app.workers.tick();
  } finally {
    await line.close();
  }
  expect(errors).toEqual([]);
});
