import { describe, expect, it } from 'vitest';
import { endCauses } from '../../src/runner/protocol.ts';
import { backoffMs, nextStep } from '../../src/runs/next-step.ts';
import { judgeRun, outcomes, type RunEnd } from '../../src/runs/outcome.ts';
import type { ReadVerdict, VerdictFile } from '../../src/runs/verdict-file.ts';

const says = (result: VerdictFile['result']): ReadVerdict => ({
  verdict: {
    version: 1,
    run: 'run_x',
    result,
    summary: `says ${result}`,
    evidence: [],
    blockers: [],
    implications: [],
  },
});
const nothing = {
  pushes: 0,
  submitted: 0,
  produced: 0,
  lostTask: false,
  waitsForAnswer: false,
  judgements: 0,
  changeWaits: false,
};
const end = (change: Partial<RunEnd> = {}): RunEnd => ({
  tier: 'implementer',
  hasTask: true,
  hasChange: false,
  cause: 'exited',
  exitCode: 0,
  signal: null,
  said: { problem: 'missing' },
  evidence: nothing,
  ...change,
});
const submitted = { ...nothing, pushes: 1, submitted: 1 };
const pushed = { ...nothing, pushes: 1 };

describe('the outcome of a run', () => {
  it('is shipped when it says so and its change was submitted', () => {
    expect(judgeRun(end({ said: says('shipped'), evidence: submitted }))).toMatchObject({
      outcome: 'shipped',
      contradiction: false,
    });
  });

  it('is shipped whatever the exit status says, when words and evidence agree', () => {
    expect(judgeRun(end({ said: says('shipped'), evidence: submitted, exitCode: 3 })).outcome).toBe(
      'shipped',
    );
  });

  it('is a contradiction when it says shipped and nothing was done', () => {
    expect(judgeRun(end({ said: says('shipped') }))).toMatchObject({
      outcome: 'no_progress',
      contradiction: true,
    });
  });

  it('is no verdict to trust when it says shipped and only pushed', () => {
    expect(judgeRun(end({ said: says('shipped'), evidence: pushed })).outcome).toBe('failed_verdict');
  });

  it('is not shipped while its own question is open', () => {
    const evidence = { ...submitted, waitsForAnswer: true };
    expect(judgeRun(end({ said: says('shipped'), evidence })).outcome).toBe('failed_verdict');
  });

  it('asks of a run without a task that it produced something', () => {
    const of = { hasTask: false, tier: 'validator', said: says('shipped') } as const;
    expect(judgeRun(end({ ...of, evidence: { ...nothing, produced: 1 } })).outcome).toBe('shipped');
    expect(judgeRun(end(of))).toMatchObject({ outcome: 'no_progress', contradiction: true });
  });

  it('is judged by the verdict on its change, where a run was started to judge one', () => {
    const of = { tier: 'validator', hasTask: true, hasChange: true, said: says('shipped') } as const;
    const waits = { ...nothing, changeWaits: true };
    const gave = { ...waits, produced: 1, judgements: 1 };
    expect(judgeRun(end({ ...of, evidence: gave })).outcome).toBe('shipped');
    expect(judgeRun(end({ ...of, evidence: gave, said: { problem: 'malformed' } })).outcome).toBe('shipped');
    // A verdict on another change is none on this one.
    expect(judgeRun(end({ ...of, evidence: { ...waits, produced: 1 } }))).toMatchObject({
      outcome: 'failed_verdict',
      contradiction: false,
    });
    expect(judgeRun(end({ ...of, evidence: waits }))).toMatchObject({
      outcome: 'no_progress',
      contradiction: true,
    });
    // Somebody else has judged it meanwhile.
    expect(judgeRun(end({ ...of, evidence: nothing })).outcome).toBe('shipped');
  });

  it('is missing when a run ends well and says nothing', () => {
    expect(judgeRun(end({ evidence: submitted })).outcome).toBe('missing_verdict');
    expect(judgeRun(end())).toMatchObject({ outcome: 'missing_verdict' });
  });

  it.each(['malformed', 'foreign', 'stale', 'not_a_file', 'too_large', 'not_json'] as const)(
    'is a missing verdict when the file is %s, whatever was done and however it ended',
    (problem) => {
      expect(judgeRun(end({ said: { problem }, evidence: submitted, exitCode: 0 })).outcome).toBe(
        'missing_verdict',
      );
      expect(judgeRun(end({ said: { problem }, exitCode: 1 })).outcome).toBe('missing_verdict');
    },
  );

  it('is crashed when it ends badly and says nothing', () => {
    expect(judgeRun(end({ exitCode: 137 }))).toMatchObject({ outcome: 'crashed', note: 'exit status 137' });
    expect(judgeRun(end({ exitCode: null, signal: 'SIGSEGV' })).outcome).toBe('crashed');
  });

  it('is halted when it says so, even after a breach', () => {
    for (const cause of ['exited', 'timed_out', 'over_budget'] as const)
      expect(judgeRun(end({ said: says('halted'), cause })).outcome).toBe('halted');
  });

  it('is a lost lease when its task is in other hands, whatever it says', () => {
    const evidence = { ...pushed, lostTask: true };
    expect(judgeRun(end({ said: says('shipped'), evidence })).outcome).toBe('lost_lease');
  });

  it.each([
    ['timed_out', 'timed_out'],
    ['idle', 'timed_out'],
    ['over_budget', 'over_budget'],
    ['no_progress', 'no_progress'],
  ] as const)(
    'of a run cut short because of %s is no progress with nothing done, %s else',
    (cause, outcome) => {
      expect(judgeRun(end({ cause })).outcome).toBe('no_progress');
      expect(judgeRun(end({ cause, evidence: pushed })).outcome).toBe(outcome);
    },
  );

  it('is shipped when it was ended after it had handed its work over', () => {
    expect(judgeRun(end({ cause: 'handed_over', exitCode: null, evidence: submitted })).outcome).toBe(
      'shipped',
    );
    expect(judgeRun(end({ cause: 'handed_over', exitCode: null })).outcome).not.toBe('shipped');
  });

  it('is never shipped for a run that was stopped, lost, or never started', () => {
    for (const cause of ['stopped', 'spawn_failed', 'lost_lease', 'runner_ended'] as const)
      expect(judgeRun(end({ cause, said: says('shipped'), evidence: submitted })).outcome).not.toBe(
        'shipped',
      );
  });

  it('is shipped in no case in which nothing was done', () => {
    const sayings: ReadVerdict[] = [
      ...(['shipped', 'failed', 'no_progress', 'halted'] as const).map(says),
      { problem: 'missing' },
      { problem: 'stale' },
    ];
    for (const cause of endCauses) {
      for (const said of sayings) {
        for (const hasTask of [true, false])
          expect(judgeRun(end({ cause, said, hasTask })).outcome).not.toBe('shipped');
      }
    }
  });
});

describe('what follows', () => {
  const step = (outcome: (typeof outcomes)[number], contradiction = false) =>
    nextStep({ outcome, contradiction });

  it('is said of every outcome', () => {
    for (const outcome of outcomes) expect(step(outcome)).toMatchObject({ retry: expect.anything() });
  });

  it('is a stop when the line was halted, or more was said than is true, and a yellow one for want of a verdict', () => {
    expect(step('missing_verdict')).toMatchObject({ retry: 'once', stop: { colour: 'yellow' } });
    expect(outcomes.filter((outcome) => step(outcome).stop !== null)).toEqual(['missing_verdict', 'halted']);
    for (const outcome of outcomes) expect(step(outcome, true).stop?.colour).toBe('red');
  });

  it('is another attempt only where trying again can help', () => {
    expect(outcomes.filter((outcome) => step(outcome).retry)).toEqual([
      'missing_verdict',
      'failed_verdict',
      'timed_out',
      'crashed',
      'lost_lease',
      'spawn_failed',
    ]);
  });

  it('never retries and stops at once', () => {
    for (const outcome of outcomes) {
      for (const contradiction of [true, false]) {
        const { retry, stop } = step(outcome, contradiction);
        expect(retry === true && stop !== null).toBe(false);
      }
    }
  });

  it('waits longer each time, at most a quarter of an hour, and spreads by half', () => {
    const waits = [1, 2, 3, 4, 20].map((attempt) => backoffMs(attempt, 1));
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 900_000]);
    expect(backoffMs(1, 0)).toBe(5_000);
  });
});
