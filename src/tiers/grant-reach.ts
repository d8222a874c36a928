import { type Reason, reason } from '../lib/decision.ts';
import type { Capability } from './capability.ts';
import { list } from './lattice.ts';

/** The projects in which the holder of a grant may ask for tokens. */
export interface GrantReach {
  /** Names of projects; `*` alone for every project, later ones included. */
  readonly projects: readonly string[];
  /** Epochs of these projects when the grant was made. A project that was made later had epoch 1 then. */
  readonly epochs: Readonly<Record<string, number>>;
}

/** A wish for a grant over several projects, and the facts that decide it. */
export interface ReachWish {
  readonly projects: readonly string[];
  /** The capability of the child, in its own project. */
  readonly cap: Pick<Capability, 'tier' | 'project' | 'task'>;
  readonly by: Pick<Capability, 'tier' | 'project'>;
  /** Epochs of the projects that there are. */
  readonly epochs: ReadonlyMap<string, number>;
}

const tiersOfReach: readonly string[] = ['executive', 'validator'];

/** Every reason against a grant over these projects: people give executives and validators such grants. */
export function reachReasons({ projects, cap, by, epochs }: ReachWish): Reason[] {
  const found: Reason[] = [];
  if (!tiersOfReach.includes(cap.tier))
    found.push(reason('lattice.member', 'projects', { found: cap.tier, limit: list(tiersOfReach) }));
  if (cap.task !== undefined)
    found.push(reason('lattice.member', 'projects', { found: `task ${cap.task}`, limit: 'no single task' }));
  if (by.tier !== 'human') found.push(reason('grant.tier', 'projects', { found: by.tier, limit: 'human' }));
  const named = projects.filter((one) => one !== '*');
  const beyond = by.project === '*' ? [] : projects.filter((one) => one !== by.project);
  return [
    ...found,
    ...beyond.map((one) => reason('grant.project', 'projects', { found: one, limit: by.project })),
    ...named.filter((one) => !epochs.has(one)).map((one) => reason('project.missing', one)),
  ];
}

/** The reach of a new grant; its own project is part of it. Undefined without a wish. */
export function reachOf(
  projects: readonly string[] | undefined,
  own: string,
  epochs: ReadonlyMap<string, number>,
): GrantReach | undefined {
  if (projects === undefined) return undefined;
  if (projects.includes('*')) return { projects: ['*'], epochs: Object.fromEntries(epochs) };
  const named = [...new Set([own, ...projects])];
  return { projects: named, epochs: Object.fromEntries(named.map((one) => [one, epochs.get(one) ?? 1])) };
}

/** Every reason against a token of the grant for a project whose epoch is `epoch` now. */
export function reachedReasons(
  grantId: string,
  reach: GrantReach | undefined,
  project: string,
  epoch: number,
): Reason[] {
  const { projects, epochs }: GrantReach = reach ?? { projects: [], epochs: {} };
  if (!projects.includes('*') && !projects.includes(project)) {
    const limit = projects.length === 0 ? 'its own project' : list(projects);
    return [reason('grant.project', project, { found: `grant/${grantId}`, limit })];
  }
  const known = new Map(Object.entries(epochs)).get(project) ?? 1;
  return epoch <= known
    ? []
    : [reason('token.revoked', project, { found: `a grant of epoch ${known}`, limit: `epoch ${epoch}` })];
}
