import type { ContainmentKind } from '../../sandbox/sandbox.ts';
import { type Session, statement } from '../../store/store.ts';

/** Whoever takes gates: one of the slots of a gateway, or a runner. */
export interface GateTaker {
  /** Names the gateways together, or a runner by its grant and name. */
  readonly id: string;
  /** The process of a gateway, or the name of a runner: names the holder in the rows of its gates. */
  readonly name: string;
  /** The grant of a runner; null for a gateway. */
  readonly grantId: string | null;
  readonly containment: ContainmentKind;
  readonly leaseMs: number;
}

/** The gateways as one taker: any of them may carry out what is wanted from a gateway. */
export const gatewayTaker = 'gateway';

/** Names a runner as a taker. */
export const runnerTaker = (grantId: string, name: string): string => `${grantId}/${name}`;

const seen = statement(
  'takers.seen',
  `insert into gate_takers (id, project, name, gid, containment, slots) values ($1, $2, $3, $4, $5, $6)
   on conflict (id) do update set slots = excluded.slots, containment = excluded.containment, seen_at = andon_now()
   where gate_takers.slots <> excluded.slots or gate_takers.containment <> excluded.containment
     or gate_takers.seen_at <= andon_now() - interval '5 seconds'`,
);

/** The slots of one gateway or runner. */
export interface TakerSlots {
  /** The process of a gateway, or grant and name of a runner. */
  readonly id: string;
  /** `*` for a gateway. */
  readonly project: string;
  readonly name: string;
  readonly grantId: string | null;
  readonly containment: ContainmentKind;
  readonly slots: number;
}

/** Notes that a taker is there; every few seconds a note is written. */
export const noteTaker = (
  session: Session,
  { id, project, name, grantId, containment, slots }: TakerSlots,
): Promise<unknown> => session.rows(seen, [id, project, name, grantId, containment, slots]);

const gone = statement('takers.gone', 'delete from gate_takers where id = $1');

/** Forgets a taker that ends. */
export const forgetTaker = (session: Session, id: string): Promise<unknown> => session.rows(gone, [id]);

const goneOthers = statement('takers.goneOthers', 'delete from gate_takers where gid is null and id <> $1');

/** Forgets the gateways before this one, where there is one at a time. */
export const forgetOtherGateways = (session: Session, id: string): Promise<unknown> =>
  session.rows(goneOthers, [id]);

const forget = statement(
  'takers.forget',
  `delete from gate_takers where seen_at <= andon_now() - interval '1 day'`,
);

/** Forgets takers that have not been seen for a day. */
export const forgetTakers = (session: Session): Promise<unknown> => session.rows(forget);

/** Time without a sign of life after which the slots of a taker do not count. */
const silentSeconds = 20;

const there = `(project = $1 or project = '*') and seen_at > andon_now() - interval '${silentSeconds} seconds'`;
const count = statement(
  'takers.slots',
  `select coalesce(sum(slots), 0)::int as slots from gate_takers where ${there}`,
);

/** Slots in which gates of a project can be carried out: those of its gateways, and of the runners that are there. */
export async function readSlots(session: Session, project: string): Promise<number> {
  const [row] = await session.rows<{ slots: number }>(count, [project]);
  return row?.slots ?? 0;
}

/** A taker that is there, with the gates that it carries out. */
export interface ShownTaker {
  /** `gateway`, or the name of a runner. */
  readonly name: string;
  readonly grant: string | null;
  readonly containment: ContainmentKind;
  readonly slots: number;
  readonly running: number;
  readonly seenAt: Date;
}

const shown = statement(
  'takers.shown',
  `select case when t.gid is null then '${gatewayTaker}' else t.name end as name, t.gid as grant, t.containment, t.slots,
     (select count(*)::int from gate_runs g where g.status = 'running' and g.runner = t.name and g.runner_gid is not distinct from t.gid) as running,
     t.seen_at as "seenAt"
   from gate_takers t where ${there} order by (t.gid is not null), t.name, t.id`,
);

/** Everybody who takes gates of a project. */
export const readTakers = (session: Session, project: string): Promise<ShownTaker[]> =>
  session.rows<ShownTaker>(shown, [project]);
