import { type Action, actions, type Tier } from './actions.ts';
import { actionsOf } from './profile.ts';

/** A named profile inside a tier: its purpose, and the actions that it narrows the tier to. */
export interface Role {
  readonly tier: Tier;
  readonly purpose: string;
  readonly actions: readonly Action[];
  /** Actions of a grant that asks for none by name, where these are fewer than the role may hold. */
  readonly usual?: readonly Action[];
  /** False when a grant of the role never delegates, even where its tier may. */
  readonly delegates?: boolean;
}

const only = (tier: Tier, keep: (action: Action) => boolean): readonly Action[] =>
  actionsOf(tier).filter((action) => actions[action].kind === 'query' || keep(action));

/** The actions in the order of the table. */
const inTable = (wanted: readonly Action[]): readonly Action[] =>
  actionsOf('executive').filter((action) => wanted.includes(action));

const any =
  (...kept: Action[]) =>
  (action: Action) =>
    kept.includes(action);
const but =
  (...left: Action[]) =>
  (action: Action) =>
    !left.includes(action);
/** Actions of a role with no others: stop the line, write to the principals above, take back its own stop, be briefed in full. */
const calling: readonly Action[] = [
  'cord:pull',
  'cord:clear',
  'message:mark',
  'message:send',
  'briefing:extend',
];
/** Actions of runners alone: a runner is handed the tokens of the runs that it takes. */
const running: readonly Action[] = ['run:take', 'run:report'];
/** Actions of runners that carry out gates: their word is evidence, so people alone delegate them. */
const gating: readonly Action[] = ['gate:take', 'gate:report'];
/** Actions that a runner of gates has besides: it reads the candidates of its project, and nothing of the log. */
const gateRunner: readonly Action[] = [
  ...gating,
  'project:read',
  'gate:read',
  'repo:fetch',
  'grant:explain',
  'token:renew',
  'cord:pull',
];
const reporting = any('report:write', 'token:renew', 'task:ask', 'agent:update', ...calling);

const table = {
  OWNER: { tier: 'human', purpose: 'owns the project and everything in it', actions: actionsOf('human') },
  OBSERVER: {
    tier: 'human',
    purpose: 'looks, and changes nothing',
    actions: only('human', any('token:renew', 'cord:pull', 'message:mark')),
  },
  LEAD: {
    tier: 'executive',
    purpose: 'plans, delegates, terminates',
    actions: actionsOf('executive').filter((action) => ![...running, ...gating].includes(action)),
  },
  RUNNER: {
    tier: 'executive',
    purpose: 'starts and contains the runs of a machine; decides nothing',
    actions: only('executive', any(...running, 'token:renew', 'cord:pull')),
    delegates: false,
  },
  GATE_RUNNER: {
    tier: 'executive',
    purpose: 'carries out gates on a machine, and runs too where its grant says so; its word is evidence',
    actions: inTable([...gateRunner, ...running, 'event:read']),
    usual: inTable(gateRunner),
    delegates: false,
  },
  MONITOR: {
    tier: 'executive',
    purpose: 'watches for deviation from the plan and reports; plans and mints nothing',
    actions: only(
      'executive',
      any(
        'report:write',
        'alert:write',
        'token:renew',
        'task:ask',
        'agent:terminate',
        'agent:update',
        'run:stop',
        'audit:run',
        ...calling,
      ),
    ),
  },
  IMPLEMENTER: { tier: 'implementer', purpose: 'carries out tasks', actions: actionsOf('implementer') },
  DEBUGGER: { tier: 'implementer', purpose: 'finds and mends a defect', actions: actionsOf('implementer') },
  TESTER: { tier: 'implementer', purpose: 'writes tests', actions: actionsOf('implementer') },
  WRITER: { tier: 'implementer', purpose: 'writes documentation', actions: actionsOf('implementer') },
  VALIDATOR: {
    tier: 'validator',
    purpose: 'judges changes and passes gates',
    actions: actionsOf('validator'),
  },
  CODE_REVIEWER: {
    tier: 'validator',
    purpose: 'reads a change and approves or rejects it; passes no manual gate',
    actions: only('validator', but('gate:pass')),
  },
  GATEKEEPER: {
    tier: 'validator',
    purpose: 'passes manual gates; gives no verdict',
    actions: only('validator', but('verdict:approve', 'verdict:reject')),
  },
  AUDITOR: {
    tier: 'validator',
    purpose: 'audits the log and the code, and reports; judges nothing',
    actions: only('validator', reporting),
  },
} as const satisfies Record<string, Role>;

/** Name of a role of the table. */
export type RoleName = keyof typeof table;

// Role names come from requests, so the lookup must not reach Object.prototype.
const byName: ReadonlyMap<string, Role> = new Map(Object.entries(table));

export const roleNames = [...byName.keys()];

/** The role of that name, or undefined. */
export const roleOf = (name: string): Role | undefined => byName.get(name);

/** True for the roles of runners: programs that people start, and that bear the names of machines. */
export const isRunnerRole = (role: string): boolean => role === 'RUNNER' || role === 'GATE_RUNNER';

/** The role of a tier when a request names none. */
export const usualRole: Readonly<Record<Tier, RoleName>> = {
  human: 'OWNER',
  executive: 'LEAD',
  implementer: 'IMPLEMENTER',
  validator: 'VALIDATOR',
};
