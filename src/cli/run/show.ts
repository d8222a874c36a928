import { spanWords } from '../../lib/durations.ts';
import type { Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { printableText } from '../printable.ts';

type Shown = Awaited<ReturnType<GatewayLink['client']['run']['show']['query']>>;
type Fact = readonly [name: string, value: string | null];

/** The command `andon run show`: one fact a line, as `andon change show` has. */
export async function showRun({ link }: Run<object>, id: string) {
  const { client, project } = await link();
  const run = await client.run.show.query({ project, run: id });
  const facts = [...headOf(run), ...timesOf(run), ...endOf(run), ...rightsOf(run), ...verdictOf(run)];
  const lines = facts.flatMap(([name, value]) =>
    value === null ? [] : printableText(`${name.padEnd(9)} ${value}`).split('\n'),
  );
  return { data: run, lines };
}

const headOf = (run: Shown): Fact[] => [
  ['run', run.id],
  ['agent', `${run.agent}, ${run.tier} ${run.role}, profile ${run.profile}`],
  ['asked by', `${run.spawner}${run.trigger === null ? '' : `, trigger ${run.trigger}`}`],
  ['for', forWords(run)],
  ['mission', run.mission],
  ['program', `${run.adapter}${run.model === null ? '' : `, model ${run.model}`}`],
  ['runner', run.runner],
  ['sandbox', run.sandbox],
  ['attempt', `${run.attempt}${run.retryOf === null ? '' : `, after ${run.retryOf}`}`],
];

function forWords({ task, epoch, change }: Shown): string | null {
  const words = [
    ...(task === null ? [] : [`task ${task}${epoch === null ? '' : `, epoch ${epoch}`}`]),
    ...(change === null ? [] : [`change ${change}`]),
  ];
  return words.length === 0 ? null : words.join(', ');
}

const date = (at: string | null): string | null => (at === null ? null : dateWords(at));

const timesOf = (run: Shown): Fact[] => [
  ['asked', date(run.requestedAt)],
  ['started', date(run.startedAt)],
  ['progress', date(run.progressAt)],
  ['ended', date(run.endedAt)],
  ['at most', spanWords(run.maxMs)],
];

const endOf = (run: Shown): Fact[] => [
  ['state', run.outcome === null ? run.state : `${run.state}: ${run.outcome.replaceAll('_', ' ')}`],
  ['exit', exitWords(run)],
  ['note', run.note],
  ['stopped', run.stopWanted === null ? null : `by ${run.stopWanted}: ${run.stopWhy ?? '-'}`],
  [
    'used',
    `${run.usage.tokens} tokens, ${(run.usage.usdMicro / 1e6).toFixed(2)} USD, ${run.usage.turns} turns`,
  ],
];

const exitWords = ({ exitCode, signal }: Shown): string | null => {
  if (signal !== null) return `signal ${signal}`;
  return exitCode === null ? null : String(exitCode);
};

const rightsOf = ({ w, budget }: Shown): Fact[] => [
  ['writes', w.join(', ') || '-'],
  [
    'budget',
    Object.entries(budget)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ],
];

function verdictOf({ verdict }: Shown): Fact[] {
  if (verdict === null) return [];
  const { result, summary, evidence, blockers, implications } = verdict;
  return [
    ['verdict', `${result}: ${summary}`],
    ...evidence.map((text): Fact => ['evidence', text]),
    ...blockers.map((text): Fact => ['blocker', text]),
    ...implications.map((text): Fact => ['implies', text]),
  ];
}
