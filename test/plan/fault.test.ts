import { expect, it } from 'vitest';
import { AndonError } from '../../src/lib/errors.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { planHead } from '../support/plan-head.ts';

const text = `${planHead()}
gates:
  tests:
    run: npm test
    timeout: 600
  review: { by: nobody }
limits: { wip: 0 }
tasks:
  one: { title: T, phase: build, write: docs, prio: 3 }
  Big: { title: T, phase: build }
  two: { phase: build }
`;

function faultsOf(plan: string): Record<string, string> {
  try {
    parsePlan(plan);
  } catch (error) {
    if (!(error instanceof AndonError)) throw error;
    return Object.fromEntries(
      error.reasons.map(({ subject, found, limit }) => [subject, `${found}, limit ${limit}`]),
    );
  }
  return {};
}

it('names the line of a text that is no YAML', () => {
  expect(Object.keys(faultsOf(`${text}bad: [`))).toEqual(['line 15']);
});

it('names member, line, finding and wish of each fault, of the form that comes closest, in no word of the library', () => {
  const faults = faultsOf(text);
  expect(faults).toEqual({
    'gates.tests.timeout': '600 (line 8), limit text',
    'gates.review.by': '"nobody" (line 9), limit one of human, validator',
    'limits.wip': '0 (line 10), limit at least 1',
    'tasks.one.write': '"docs" (line 12), limit a list',
    'tasks.one': 'unknown member `prio` (line 12), limit undefined',
    'tasks.Big': expect.stringMatching(/^the name Big \(line 13\), limit lower-case letters/),
    'tasks.two.title': 'nothing (line 14), limit text',
  });
  expect(JSON.stringify(faults)).not.toMatch(/Invalid|expected|received/);
});
