import { describe, expect, it } from 'vitest';
import { idleAgents, idleAudit, type WatchedAgent } from '../../src/audits/idle-audit.ts';
import { type AuditedTask, burstsOf, deviationOf, planAudit, risksOf } from '../../src/audits/plan-audit.ts';
import { progressReport } from '../../src/audits/progress.ts';
import { noTally, type SeenEvent, tallyEvents } from '../../src/audits/tally.ts';
import { event } from '../../src/store/log/events.ts';

const now = new Date('2026-06-01T12:00:00Z');
const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
const task = (id: string, change: Partial<AuditedTask> = {}): AuditedTask => ({
  id,
  state: 'ready',
  phase: 'build',
  phaseOver: false,
  expectedMinutes: null,
  deadline: null,
  stateAt: ago(1),
  epoch: 0,
  holder: null,
  openQuestions: 0,
  ...change,
});
const seen = { actor: 'agent:a', allowed: true, action: null, at: now };
const claimed: SeenEvent = { ...seen, ...event('task.claimed', 'task/t1', { epoch: 1, leaseMs: 60_000 }) };
const applied = (added: number, hash = 'abc'): SeenEvent => ({
  ...seen,
  ...event('plan.applied', 'plan/p', { added, hash, changed: 0, removed: [] }),
});
const denied = (code: string, actor = 'agent:a', subject = 'task/t1'): SeenEvent => {
  const reasons = [{ code, subject: 'src/x.ts', rule: '', next: '' }];
  const said = event('call.denied', subject, { tier: 'implementer', reasons });
  return { ...seen, allowed: false, actor, action: 'repo:push', ...said };
};

describe('the deviation from a plan', () => {
  const tasks = [
    task('t1'),
    task('t2'),
    task('t3', { state: 'abandoned' }),
    task('t4', { phaseOver: true }),
    task('t5', { state: 'done', phaseOver: true }),
  ];

  it('is out of scope, skipped and unplanned over planned', () => {
    const tally = tallyEvents(noTally, [claimed, denied('scope.write'), denied('scope.write'), applied(1)]);
    expect(deviationOf({ tasks, tally })).toEqual({
      planned: 5,
      outOfScope: 1,
      skipped: 2,
      unplanned: 1,
      share: 0.8,
      list: [
        { what: 't1', kind: 'out of scope' },
        { what: 't3', kind: 'skipped' },
        { what: 't4', kind: 'skipped' },
        { what: 'plan/p +1 (abc)', kind: 'unplanned' },
      ],
    });
  });

  it('counts a task once, however it deviates, and names what it counts', () => {
    const late: SeenEvent = {
      ...seen,
      ...event('plan.applied', 'plan/p', {
        added: 2,
        addedTasks: ['t4', 't9'],
        hash: 'h',
        changed: 0,
        removed: [],
      }),
    };
    const events = [claimed, denied('scope.write', 'agent:a', 'task/t3'), late, late];
    const tally = tallyEvents(noTally, events);
    const deviation = deviationOf({ tasks, tally });
    expect(deviation).toMatchObject({ outOfScope: 1, skipped: 1, unplanned: 1, share: 0.6 });
    const found = planAudit({ tasks, tally, recent: [], calls: [], code: [], now });
    expect(found.body).toContain('- t3: out of scope\n- t4: skipped\n- t9: unplanned');
    expect(found.result.deviation).toMatchObject({ list: deviation.list });
  });

  it('does not count the first plan, refusals of another kind, or a sync that brought nothing', () => {
    const tally = tallyEvents(noTally, [
      applied(5),
      claimed,
      denied('lease.lost'),
      { ...seen, ...event('project.synced', 'project/p', { kind: 'same', main: 'f'.repeat(40) }) },
    ]);
    expect(deviationOf({ tasks: [task('t1')], tally }).share).toBe(0);
  });

  it('is the same whether the log is added up in parts or at once', () => {
    const events = [
      claimed,
      ...Array.from({ length: 40 }, (_, n) =>
        n % 3 === 0 ? denied('scope.write', `agent:${n % 5}`, `task/t${n % 7}`) : applied(n % 2, `${n}`),
      ),
    ];
    const parts = [events.slice(0, 9), events.slice(9, 10), events.slice(10)].reduce(
      (sum, part) => tallyEvents(sum, part),
      noTally,
    );
    expect(parts).toEqual(tallyEvents(noTally, events));
  });

  it('passes by what it does not know', () => {
    const strange: SeenEvent = { ...seen, allowed: false, type: '?', subject: 's', data: { reasons: 3 } };
    expect(tallyEvents(noTally, [strange])).toEqual({ ...noTally, counts: { '?': 1 } });
  });

  it('alerts over 15 % and not at it', () => {
    const facts = { recent: [], calls: [], code: [], now };
    const twenty = Array.from({ length: 20 }, (_, n) => task(`t${n}`));
    const withSkipped = (n: number) =>
      twenty.map((one, index) => (index < n ? { ...one, state: 'abandoned' as const } : one));
    expect(planAudit({ ...facts, tally: noTally, tasks: withSkipped(3) }).alert).toBe(false);
    expect(planAudit({ ...facts, tally: noTally, tasks: withSkipped(4) })).toMatchObject({
      alert: true,
      title: 'plan audit: deviation 20 %, limit 15 %',
    });
  });

  it('of a plan without tasks is none', () => {
    expect(deviationOf({ tasks: [], tally: noTally }).share).toBe(0);
  });
});

describe('a plan audit', () => {
  it('has no tolerance for a function over the limits on main', () => {
    const code = [{ code: 'complexity', path: 'src/a.ts', line: 3, found: '12' }];
    const found = planAudit({ tasks: [task('t1')], tally: noTally, recent: [], calls: [], code, now });
    expect(found.alert).toBe(true);
    expect(found.body).toContain('src/a.ts:3 complexity 12');
  });

  it('takes ten refused calls of one agent for a burst', () => {
    const calls = [
      { actor: 'agent:b', count: 10 },
      { actor: 'agent:c', count: 9 },
    ];
    expect(burstsOf(calls)).toEqual([{ actor: 'agent:b', count: 10 }]);
    const found = planAudit({ tasks: [task('t1')], tally: noTally, recent: [], calls, code: [], now });
    expect(found).toMatchObject({
      alert: true,
      isNew: true,
      title: 'plan audit: 10 refused calls of agent:b',
    });
  });

  it('lists risks, the worst first', () => {
    const risks = risksOf(
      [
        task('slow', { state: 'in_progress', stateAt: ago(100), expectedMinutes: 60 }),
        task('fine', { state: 'in_progress', stateAt: ago(80), expectedMinutes: 60 }),
        task('late', { deadline: ago(30) }),
        task('tight', { deadline: ago(-30), expectedMinutes: 60 }),
        task('bounced', { epoch: 3 }),
        task('asked', { openQuestions: 2 }),
        task('done', { state: 'done', deadline: ago(30) }),
      ],
      now,
    );
    expect(risks.map(({ task: id, kind }) => [id, kind])).toEqual([
      ['late', 'overdue'],
      ['tight', 'deadline'],
      ['slow', 'slow'],
      ['bounced', 'bounced'],
      ['asked', 'waiting'],
    ]);
  });
});

describe('idle agents', () => {
  const agents = [
    { agent: 'agent:busy', task: 't1', run: null, lastAt: ago(10), couldTake: null },
    { agent: 'agent:idle', task: 't2', run: 'run_x', lastAt: ago(60 * 5), couldTake: null },
    { agent: 'agent:edge', task: null, run: null, lastAt: ago(60 * 4), couldTake: null },
  ];

  it('are those of which nothing came for longer than four hours', () => {
    expect(idleAgents(agents, now, 4 * 3_600_000).map(({ agent }) => agent)).toEqual(['agent:idle']);
    expect(idleAudit(agents, 3, now)).toMatchObject({ alert: true, title: '1 agent idle for over 4.0 h' });
  });

  it('are those beside ready work, too, and those are not at work', () => {
    const beside = { agent: 'agent:free', task: null, run: null, lastAt: ago(60 * 6), couldTake: 't3' };
    const [busy, idle] = agents as [WatchedAgent, WatchedAgent];
    const found = idleAudit([busy, idle, beside], 1, now);
    expect(found.body).toBe(
      '2 agents at work, 1 tasks ready.\n\n## Idle\n\n- agent:free: nothing for 6.0 h, holds nothing, and t3 is ready\n- agent:idle: nothing for 5.0 h, holds t2',
    );
    expect(found.facts).toEqual(idleAudit([beside, idle, busy], 1, new Date(now.getTime() + 60_000)).facts);
  });
});

describe('a progress report', () => {
  it('says what is done, what it cost and what may go wrong', () => {
    const found = progressReport({
      project: 'shop',
      tasks: [task('a', { state: 'done' }), task('b', { deadline: ago(10) })],
      tally: tallyEvents(noTally, [denied('scope.write')]),
      whole: noTally,
      landed: [{ task: 'a', at: now }],
      spent: { tokens: 1200, usdMicro: 2_500_000, runs: 3 },
      now,
    });
    expect(found.title).toBe('shop: 1 of 2 tasks done');
    expect(found.body).toContain('3 runs spent 1200 tokens and 2.50 USD');
    expect(found.body).toContain('b: overdue');
  });
});
