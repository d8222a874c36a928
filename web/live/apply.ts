import { lifeSigns, refusalsEnd } from '../../src/gateway/page/life-signs.ts';
import type { WallAgent, WallFacts } from '../../src/gateway/page/shapes.ts';

/** An event of the log as the stream tells it. */
export interface LiveEvent {
  readonly position: number;
  readonly id: string;
  readonly project: string;
  readonly type: string;
  readonly actor: string;
  readonly subject: string;
  readonly allowed: boolean;
  readonly requestId: string | null;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Facts after an event; `ask` is true when the event tells too little, and the wall is to be asked for again. */
export interface Applied {
  readonly facts: WallFacts;
  readonly ask: boolean;
}

const isSign: ReadonlySet<string> = new Set(lifeSigns);
const endsRefusals: ReadonlySet<string> = new Set(refusalsEnd);

/** Events that change no fact of the wall beyond the last act of their actor. */
const told: ReadonlySet<string> = new Set([
  ...lifeSigns,
  'audit.ended',
  'audit.requested',
  'briefing.extended',
  'call.denied',
  'change.pushed',
  'decision.edited',
  'decision.recorded',
  'gate.ended',
  'gate.flaky',
  'gate.passed',
  'gate.repeated',
  'gate.started',
  'grant.minted',
  'grant.returned',
  'grant.updated',
  'key.rotated',
  'landing.intended',
  'message.sent',
  'page.ended',
  'page.offered',
  'page.opened',
  'report.written',
  'solution.described',
  'solution.learned',
  'token.replayed',
  'trigger.delivered',
  'trigger.fired',
  'verdict.requested',
]);

/** Folds an event into the facts: pure, and the same a second time. */
export function apply(facts: WallFacts, event: LiveEvent): Applied {
  if (event.position <= facts.position) return { facts, ask: false };
  const at = facts.agents.findIndex(({ name, project }) => name === event.actor && project === event.project);
  const found = facts.agents[at];
  const agents = found === undefined ? facts.agents : facts.agents.with(at, acted(found, event));
  const isNew = found === undefined && event.actor.startsWith('agent:') && !isSign.has(event.type);
  return {
    facts: { ...facts, agents, position: event.position },
    ask: isNew || !told.has(event.type),
  };
}

function acted(agent: WallAgent, event: LiveEvent): WallAgent {
  if (isSign.has(event.type)) return agent;
  if (!event.allowed) {
    const [first] = (event.data.reasons ?? []) as readonly { readonly code: string }[];
    return { ...agent, refusals: agent.refusals + 1, refusedFor: first?.code ?? null };
  }
  const progressed = { ...agent, lastAt: event.at, lastType: event.type };
  return endsRefusals.has(event.type) ? { ...progressed, refusals: 0, refusedFor: null } : progressed;
}

/** Folds events in their order. */
export function applyAll(facts: WallFacts, events: readonly LiveEvent[]): Applied {
  let state: Applied = { facts, ask: false };
  for (const event of events) {
    const next = apply(state.facts, event);
    state = { facts: next.facts, ask: state.ask || next.ask };
  }
  return state;
}
