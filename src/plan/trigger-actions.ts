import type { stopColours } from './kinds.ts';
import type { actionNames, NewTask, PlanTrigger } from './triggers.ts';

/** Kind of action of a trigger. */
export type TriggerActionKind = (typeof actionNames)[number];

/** An action of a trigger: exactly one of these, with the members of the plan. Durations are words, such as `30m`. */
export type TriggerAction =
  | SpawnAction
  | { readonly kind: 'notify'; readonly recipient: string; readonly say?: string | undefined }
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'task'; readonly task: NewTask }
  | {
      readonly kind: 'cord';
      readonly colour: (typeof stopColours)[number];
      readonly say?: string | undefined;
    }
  | {
      readonly kind: 'audit';
      readonly audit: NonNullable<PlanTrigger['audit']>;
      readonly over?: string | undefined;
    };

/** Starts a run of a profile. `for` is a task, or `event` for the task of the event. */
export interface SpawnAction
  extends Pick<PlanTrigger, 'role' | 'model' | 'for' | 'mission' | 'maxDuration' | 'autoTerminate'> {
  readonly kind: 'spawn';
  readonly profile: string;
}

/** The action of one kind. */
export type ActionOf<Kind extends TriggerActionKind> = Extract<TriggerAction, { readonly kind: Kind }>;

/** Members of a trigger, or of a step of its deadline. */
type Members = Pick<
  PlanTrigger,
  TriggerActionKind | 'role' | 'model' | 'for' | 'mission' | 'maxDuration' | 'autoTerminate' | 'say' | 'over'
>;

const readers: { readonly [Kind in TriggerActionKind]: (members: Members) => ActionOf<Kind> | undefined } = {
  spawn: ({ spawn: profile, role, model, for: task, mission, maxDuration, autoTerminate }) =>
    profile === undefined
      ? undefined
      : { kind: 'spawn', profile, role, model, for: task, mission, maxDuration, autoTerminate },
  notify: ({ notify: recipient, say }) =>
    recipient === undefined ? undefined : { kind: 'notify', recipient, say },
  webhook: ({ webhook: url }) => (url === undefined ? undefined : { kind: 'webhook', url }),
  command: ({ command }) => (command === undefined ? undefined : { kind: 'command', command }),
  task: ({ task }) => (task === undefined ? undefined : { kind: 'task', task }),
  cord: ({ cord: colour, say }) => (colour === undefined ? undefined : { kind: 'cord', colour, say }),
  audit: ({ audit, over }) => (audit === undefined ? undefined : { kind: 'audit', audit, over }),
};

/** Every action of a trigger: one, or one for each step of a deadline. The schema lets none pass without an action. */
export const actionsOf = (trigger: PlanTrigger): readonly TriggerAction[] =>
  (trigger.deadline ?? [trigger]).flatMap((members: Members) =>
    Object.values(readers).flatMap((read) => read(members) ?? []),
  );
