import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { printable } from '../printable.ts';

type ExplainedGrant = Awaited<ReturnType<GatewayLink['client']['token']['explain']['query']>>;

/** The actions and paths that a grant allows and refuses, for people. */
export function explainLines(one: ExplainedGrant): string[] {
  const facts: [string, string][] = [
    ['agent', `${one.agent} (${one.tier} ${one.role}: ${one.purpose})`],
    ['grant', `${one.grant}, token until ${dateWords(one.expires * 1000)}`],
    [
      'project',
      `${one.project}, phases ${one.phases.join(', ') || '-'}${one.task === undefined ? '' : `, task ${one.task}`}`,
    ],
    ['may', one.may.map(({ action }) => action).join(' ') || 'nothing'],
    ['may not', one.mayNot.map(({ action }) => action).join(' ') || '-'],
    ['writes', one.write.text],
    ['reads', one.read.text],
    ['limits', `complexity ${one.limits.complexity}, functions of ${one.limits.functionLines} lines`],
    [
      'budget',
      Object.entries(one.limits.budget)
        .map(([name, left]) => `${name} ${left}`)
        .join(', '),
    ],
    [
      'delegates',
      one.delegation.allowed
        ? `${one.delegation.tiers.join(', ')}, ${one.delegation.generations} generations`
        : 'no',
    ],
  ];
  return facts.map(([name, value]) => `${name.padEnd(9)} ${printable(value)}`);
}
