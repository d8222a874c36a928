import type { AuditFinding } from './kinds.ts';
import { type AuditedTask, deviationOf, risksOf, section } from './plan-audit.ts';
import type { Tally } from './tally.ts';

/** The facts that a report of progress is made from. */
export interface ProgressFacts {
  readonly project: string;
  readonly tasks: readonly AuditedTask[];
  /** Tally of the part of the log that the report covers. */
  readonly tally: Tally;
  /** Tally of the whole log. */
  readonly whole: Tally;
  readonly landed: readonly { readonly task: string; readonly at: Date }[];
  readonly spent: { readonly tokens: number; readonly usdMicro: number; readonly runs: number };
  readonly now: Date;
}

/** Reports the work since the last report, the state of the plan, its cost and its risks: as Markdown and as data. */
export function progressReport(facts: ProgressFacts): AuditFinding {
  const { project, tasks, tally, landed, spent, now } = facts;
  const states: Record<string, number> = {};
  for (const { state } of tasks) states[state] = (states[state] ?? 0) + 1;
  const done = states.done ?? 0;
  const risks = risksOf(tasks, now);
  const deviation = deviationOf({ tasks, tally: facts.whole });
  const body = [
    `${done} of ${tasks.length} tasks done; ${words(states)}.`,
    `Since the last report: ${landed.length} landed, ${count(tally, 'change.refused')} refused, ${count(tally, 'call.denied')} calls denied, ${count(tally, 'cord.pulled')} stops.`,
    `${spent.runs} runs spent ${spent.tokens} tokens and ${(spent.usdMicro / 1_000_000).toFixed(2)} USD.`,
    `Deviation from the plan: ${Math.round(deviation.share * 100)} %.`,
    ...section(
      'Landed',
      landed.map(({ task, at }) => `${task}, ${at.toISOString()}`),
    ),
    ...section(
      'Risks',
      risks.slice(0, 20).map(({ task, kind, detail }) => `${task}: ${kind}, ${detail}`),
    ),
  ].join('\n');
  return {
    alert: false,
    title: `${project}: ${done} of ${tasks.length} tasks done`,
    body,
    result: {
      states,
      landed,
      spent,
      deviation: { ...deviation, list: deviation.list.slice(0, 100) },
      risks: risks.slice(0, 100),
      counts: tally.counts,
    },
    isNew: landed.length > 0 || spent.runs > 0 || told.some((type) => count(tally, type) > 0),
    facts: [states, deviation.list, risks.map(({ task, kind }) => [task, kind])],
  };
}

/** Types of the events that a report tells of, besides what landed. */
const told = ['change.refused', 'call.denied', 'cord.pulled'];

const count = ({ counts }: Tally, type: string): number => counts[type] ?? 0;

const words = (states: Readonly<Record<string, number>>): string =>
  Object.entries(states)
    .filter(([state]) => state !== 'done')
    .map(([state, n]) => `${n} ${state.replaceAll('_', ' ')}`)
    .join(', ') || 'nothing left';
