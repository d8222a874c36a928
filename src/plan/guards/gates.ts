import type { Plan, PlanGate } from '../plan.ts';
import { isRaised } from './ceilings.ts';
import { type GuardChange, namesOf, own, same, type Weakens } from './guard-change.ts';

/** The changed gates of a plan. */
export const gateChanges = (before: Plan, after: Plan): GuardChange[] =>
  namesOf(before.gates, after.gates).flatMap((name) =>
    ofGate(`gates.${name}`, own(before.gates, name), own(after.gates, name)),
  );

/** Members of a gate and the changes of them that weaken it. A changed command may ask for less: no program can tell. */
const rules: Readonly<Record<string, Weakens>> = {
  run: () => true,
  by: (_before, after) => after === 'validator',
  timeout: isRaised,
  network: (_before, after) => after === true,
  setup: () => true,
};

function ofGate(where: string, before: PlanGate | undefined, after: PlanGate | undefined): GuardChange[] {
  const whole = (weakens: boolean): GuardChange[] => [
    { where, member: 'gates', before: gateWords(before), after: gateWords(after), weakens },
  ];
  if (before === undefined) return whole(false);
  // Another kind of judge is no member of the same gate.
  if (after === undefined || 'run' in before !== 'run' in after) return whole(true);
  return Object.entries(rules).flatMap(([name, weakens]) => {
    const [was, is] = [own<unknown>({ ...before }, name), own<unknown>({ ...after }, name)];
    if (same(was, is)) return [];
    return [
      { where: `${where}.${name}`, member: 'gates', before: was, after: is, weakens: weakens(was, is) },
    ];
  });
}

const gateWords = (gate: PlanGate | undefined): string | undefined => {
  if (gate === undefined) return undefined;
  return 'run' in gate ? gate.run : `by ${gate.by}`;
};
