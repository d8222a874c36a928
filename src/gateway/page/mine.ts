import { z } from 'zod';
import { reason } from '../../lib/decision.ts';
import { readerOf } from '../../messages/messages.ts';
import type { Session } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant } from '../../tiers/capability.ts';
import { project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import {
  readMineGates,
  readMineQuestions,
  readMineRuns,
  readMineTriggers,
  readMineVerdicts,
  readUnread,
  type WaitingKind,
  type WaitingThing,
} from './mine-rows.ts';
import type { MineAnswer, MineItem, MineKind, WallStop } from './shapes.ts';
import { readWallStops } from './wall-stops.ts';

const itemsMax = 200;

/** The action by which a person ends the waiting. */
const actionOf: Readonly<Record<MineKind, Action>> = {
  red: 'cord:clear',
  yellow: 'cord:clear',
  question: 'task:answer',
  disagreement: 'task:answer',
  gate: 'gate:pass',
  verdict: 'verdict:approve',
  run: 'agent:spawn',
  trigger: 'trigger:fire',
};

const stopsOf = (stops: readonly WallStop[]): WaitingKind => ({
  things: stops.map(ofStop),
  total: stops.length,
});

const ofStop = (stop: WallStop): WaitingThing => ({
  kind: stop.colour,
  ...{
    id: stop.id,
    project: stop.project,
    by: stop.by,
    subject: stop.scope,
    title: stop.why,
    since: stop.at,
  },
  blocks: stop.holds.runs,
  link: `/p/${encodeURIComponent(stop.project === '*' ? 'all' : stop.project)}/cord#${stop.id}`,
});

function judged(thing: WaitingThing, { cap }: Grant): MineItem {
  const action = actionOf[thing.kind];
  if (cap.actions.includes(action)) return { ...thing, mayAct: true };
  const why = reason('grant.action', action, { found: `role ${cap.role}` });
  return { ...thing, mayAct: false, why };
}

const rank = (kind: MineKind): number => (kind === 'red' ? 0 : kind === 'yellow' ? 1 : 2);

/** First the red stops, then that which keeps most agents idle for longest, then the oldest. */
const byWeight = (nowMs: number) => (one: MineItem, other: MineItem) => {
  const weight = ({ blocks, since }: MineItem) => blocks.length * (nowMs - Date.parse(since));
  return (
    rank(one.kind) - rank(other.kind) ||
    weight(other) - weight(one) ||
    Date.parse(one.since) - Date.parse(other.since)
  );
};

/** The things of every kind; the lists are bounded, and their number is not. */
async function readThings(store: Session, name: string): Promise<WaitingKind> {
  const kinds = await Promise.all([
    readWallStops(store, name).then(stopsOf),
    readMineQuestions(store, name),
    readMineGates(store, name),
    readMineVerdicts(store, name),
    readMineRuns(store, name),
    readMineTriggers(store, name),
  ]);
  return {
    things: kinds.flatMap(({ things }) => things),
    total: kinds.reduce((sum, { total }) => sum + total, 0),
  };
}

/** The procedure `page.mine`: everything that waits for a person, in one list. */
export function mineProcedure(gateway: Gateway) {
  const { store, feed } = gateway;
  return query(gateway, {
    action: 'message:read',
    description:
      'Lists what waits for a person: stops, questions, manual gates, verdicts, runs that ended badly, triggers that failed.',
    input: z.strictObject({ project, limit: z.number().int().min(1).max(itemsMax).default(itemsMax) }),
    answer: async ({ project: name, limit }, { grant }): Promise<MineAnswer> => {
      const { position } = feed;
      const nowMs = gateway.nowSeconds() * 1000;
      const [{ things, total }, forEyes] = await Promise.all([
        readThings(store, name),
        readUnread(store, name, readerOf(grant.sub, grant.cap.tier)),
      ]);
      const items = things.map((one) => judged(one, grant)).sort(byWeight(nowMs));
      const now = new Date(nowMs).toISOString();
      return { position, now, items: items.slice(0, limit), total, forEyes };
    },
  });
}
