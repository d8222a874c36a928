import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import {
  type About,
  type Colour,
  parseScope,
  type Scope,
  type Stop,
  scopeText,
  stopReasons,
  workflowOf,
} from '../../src/stops/stop-scope.ts';
import { runs } from '../support/seed.ts';

const planOf = (needs: Readonly<Record<string, readonly string[]>>): Pick<Plan, 'tasks'> => ({
  tasks: Object.fromEntries(
    Object.entries(needs).map(([id, list]) => [id, { needs: [...list] } as never as Plan['tasks'][string]]),
  ),
});
const plan = planOf({ schema: [], api: ['schema'], ui: ['api'], docs: [] });
const stop = (colour: Colour, scope: Scope, more: Partial<Stop> = {}): Stop => ({
  id: 'stp_01k9000000000000000000abcd',
  project: 'shop',
  colour,
  scope,
  why: 'the tests lie',
  cause: 'person',
  pulledBy: 'agent:builder',
  at: new Date('2026-11-21T09:00:00Z'),
  ...more,
});
const project: Scope = { kind: 'project', value: '' };

/** The actions that a stop holds, of all that can be held. */
const held = (one: Stop): string[] => {
  const whats: readonly About['what'][] = ['claim', 'spawn', 'landing'];
  const tasks = [undefined, 'schema', 'api', 'ui', 'docs'];
  return whats.flatMap((what) =>
    tasks.flatMap((task) =>
      stopReasons([one], { what, task, plan }).length > 0 ? [`${what} ${task ?? '-'}`] : [],
    ),
  );
};

describe('a stop', () => {
  it('that is red holds claims, spawns and landings of its task, and nothing else', () => {
    expect(held(stop('red', { kind: 'task', value: 'api' }))).toEqual([
      'claim api',
      'spawn api',
      'landing api',
    ]);
  });

  it('of a pool holds the spawns of that pool alone, and no task of its name', () => {
    const one = stop('yellow', { kind: 'pool', value: 'api' });
    expect(held(one)).toEqual([]);
    const ofPool = (pool: string) => stopReasons([one], { what: 'spawn', task: 'docs', pool, plan });
    expect(ofPool('api').map(({ found }) => found)).toEqual([expect.stringContaining('yellow on pool/api')]);
    expect(ofPool('docs')).toEqual([]);
  });

  it('of a workflow holds the task and everything that needs it, over any number of steps', () => {
    expect(held(stop('red', { kind: 'workflow', value: 'schema' }))).toEqual([
      'claim schema',
      'claim api',
      'claim ui',
      'spawn schema',
      'spawn api',
      'spawn ui',
      'landing schema',
      'landing api',
      'landing ui',
    ]);
    expect(held(stop('red', { kind: 'workflow', value: 'ui' }))).toEqual([
      'claim ui',
      'spawn ui',
      'landing ui',
    ]);
  });

  it('of a project or of all holds everything, spawns without a task too', () => {
    const all = held(stop('red', project));
    expect(all).toHaveLength(15);
    expect(held(stop('red', { kind: 'all', value: '' }, { project: '*' }))).toEqual(all);
  });

  it('that is yellow lets work go on to its end: claims wait, and spawns for a task; landings do not', () => {
    expect(held(stop('yellow', project))).toEqual([
      'claim -',
      'claim schema',
      'claim api',
      'claim ui',
      'claim docs',
      'spawn schema',
      'spawn api',
      'spawn ui',
      'spawn docs',
    ]);
    expect(held(stop('yellow', { kind: 'task', value: 'docs' }))).toEqual(['claim docs', 'spawn docs']);
  });

  it('of a workflow holds every task while nobody knows the plan', () => {
    const one = stop('red', { kind: 'workflow', value: 'schema' });
    expect(stopReasons([one], { what: 'claim', task: 'docs', plan: undefined })).toHaveLength(1);
  });

  it('says its colour, scope, why, who and since when, and who clears it', () => {
    const [red] = stopReasons([stop('red', project)], { what: 'claim', task: 'api', plan });
    expect(red).toMatchObject({ code: 'line.stopped', subject: 'stop/stp_0000abcd' });
    expect(red?.found).toBe('red on project, by agent:builder since 2026-11-21T09:00:00.000Z: the tests lie');
    expect(red?.next).toContain('until a human with its root cause clears it');
    const [yellow] = stopReasons([stop('yellow', project)], { what: 'claim', task: 'api', plan });
    expect(yellow?.next).toContain('until agent:builder, an executive or a human clears it');
  });

  it('says no more than 200 characters of a long why', () => {
    const [one] = stopReasons([stop('red', project, { why: 'x'.repeat(2000) })], { what: 'claim', plan });
    expect(String(one?.found).length).toBeLessThan(320);
  });

  it('gives one reason for each stop that holds', () => {
    const stops = [
      stop('red', project),
      stop('yellow', { kind: 'task', value: 'docs' }),
      stop('yellow', project),
    ];
    expect(stopReasons(stops, { what: 'claim', task: 'api', plan })).toHaveLength(2);
  });
});

describe('the scope of a stop', () => {
  it('is read as it is written', () => {
    for (const text of ['project', 'all', 'task/api', 'workflow/cart-api.v2'])
      expect(scopeText(parseScope(text) ?? project)).toBe(text);
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      'tasks',
      'task',
      'task/',
      'task/A',
      'task/a/b',
      'task/../a',
      'all/x',
      'project ',
      'task/a\n',
    ])
      expect(parseScope(text), text).toBeUndefined();
  });
});

describe('a workflow', () => {
  it('is what a walk along the needs finds, task by task', () => {
    const graph = fc
      .integer({ min: 1, max: 12 })
      .chain((n) =>
        fc.tuple(
          ...Array.from({ length: n }, (_, i) => fc.subarray(Array.from({ length: i }, (_u, j) => `t${j}`))),
        ),
      );
    fc.assert(
      fc.property(graph, fc.nat(), (needs, at) => {
        const of = Object.fromEntries(needs.map((list, i) => [`t${i}`, list]));
        const root = `t${at % needs.length}`;
        const reaches = (id: string): boolean => id === root || (of[id] ?? []).some(reaches);
        expect([...workflowOf(planOf(of), root)].sort()).toEqual(Object.keys(of).filter(reaches).sort());
      }),
      runs(300),
    );
  });

  it('of a chain of 50,000 tasks is found without a deep stack', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, i) => [`t${i}`, i === 0 ? [] : [`t${i - 1}`]]),
    );
    expect(workflowOf(planOf(chain), 't0').size).toBe(50_000);
  });
});
