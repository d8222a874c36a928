import { expect, it } from 'vitest';
import { eventLine } from '../../src/cli/event/words.ts';
import type { ChainedEvent } from '../../src/store/log/chain.ts';

const guard = { before: 'npm test', after: 'true', personOnly: true };
const event = {
  position: 7,
  at: '2030-01-31T12:00:00.000Z',
  type: 'plan.applied',
  actor: 'human:ada',
  subject: 'plan/shop',
  allowed: true,
  action: 'plan:apply',
  data: {
    hash: 'x',
    guards: [
      { ...guard, where: 'gates.tests.run', weakens: true },
      { ...guard, where: 'limits.wip', weakens: false },
    ],
  },
} as unknown as ChainedEvent;

it('names the guards that a plan changed, and marks the weakened ones', () => {
  expect(eventLine(event, (_tone, text) => text)).toContain('guards ! gates.tests.run; limits.wip');
  const none = { ...event, data: { hash: 'x', guards: [] } } as unknown as ChainedEvent;
  expect(eventLine(none, (_tone, text) => text)).not.toContain('guards');
});

it('says of a gate whether it passed', () => {
  const ended = { ...event, type: 'gate.ended', data: { gate: 'tests', passed: false } };
  expect(eventLine(ended as unknown as ChainedEvent, (_tone, text) => text)).toContain(
    'gate tests, passed false',
  );
});
