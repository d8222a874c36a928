import { describe, expect, it } from 'vitest';
import { idleAgents, idleAudit } from '../../src/audits/idle-audit.ts';
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
    });
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
    const facts = { recent: [], code: [], now };
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
    const found = planAudit({ tasks: [task('t1')], tally: noTally, recent: [], code, now });
    expect(found.alert).toBe(true);
    expect(found.body).toContain('src/a.ts:3 complexity 12');
  });

  it('takes ten refusals of one agent for a burst', () => {
    const tally = tallyEvents(noTally, [
      ...Array.from({ length: 10 }, () => denied('scope.write', 'agent:b')),
      denied('scope.write', 'agent:c'),
    ]);
    expect(burstsOf(tally.violations)).toEqual([{ actor: 'agent:b', count: 10 }]);
    expect(
      planAudit({ tasks: [task('t1')], tally: noTally, recent: tally.violations, code: [], now }).alert,
    ).toBe(true);
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
    { agent: 'agent:busy', task: 't1', run: null, lastAt: ago(10) },
    { agent: 'agent:idle', task: 't2', run: 'run_x', lastAt: ago(60 * 5) },
    { agent: 'agent:edge', task: null, run: null, lastAt: ago(60 * 4) },
  ];

  it('are those of which nothing came for longer than four hours', () => {
    expect(idleAgents(agents, now, 4 * 3_600_000).map(({ agent }) => agent)).toEqual(['agent:idle']);
    expect(idleAudit(agents, 3, now)).toMatchObject({ alert: true, title: '1 agents idle for over 4.0 h' });
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
