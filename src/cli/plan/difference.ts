import type { GatewayLink } from '../connect.ts';
import { printable } from '../printable.ts';

type ShownDifference = Awaited<ReturnType<GatewayLink['client']['plan']['compare']['query']>>;

/** The difference of two plans in lines, changed guards first. */
export function diffLines({
  guards,
  added,
  changed,
  removed,
  phases,
  hasOtherPhases,
}: Omit<ShownDifference, 'from' | 'to'>): string[] {
  const lines = [
    ...guards.map(guardWords),
    ...(hasOtherPhases ? [`~ phases: ${phases.join(', ')}`] : []),
    ...added.map((task) => `+ ${task}`),
    ...changed.map(({ task, members }) => `~ ${task}: ${members.join(', ')}`),
    ...removed.map((task) => `- ${task}`),
  ];
  return lines.length === 0 ? ['no difference'] : lines;
}

/** One changed guard in one line: `! gates.tests.run: npm test -> true  (weakens; for people)`. */
function guardWords({
  where,
  before,
  after,
  weakens,
  personOnly,
}: ShownDifference['guards'][number]): string {
  const notes = [...(weakens ? ['weakens'] : []), ...(personOnly ? ['for people'] : [])];
  const note = notes.length === 0 ? '' : `  (${notes.join('; ')})`;
  return printable(`${weakens ? '!' : '='} ${where}: ${before ?? 'none'} -> ${after ?? 'none'}${note}`);
}
