import { row } from '../code-row.ts';

/** Codes of triggers. */
export const triggerCodes = {
  'trigger.time': row(
    400,
    'usage',
    'a trigger of times has a cron expression or an interval that comes, in a zone that exists',
    'mend the expression; andon trigger preview shows the next ten times',
  ),
  'trigger.event': row(
    400,
    'usage',
    'a trigger of events names a type of event that Andon appends',
    'choose one of the types; andon event list shows what happens',
  ),
  'trigger.itself': row(
    409,
    'refused',
    'the action of a trigger does not fire the trigger itself',
    'narrow `where` to events that its action does not cause',
  ),
  'trigger.depth': row(
    409,
    'refused',
    'triggers that fire triggers do not come back to the first, and form a chain of at most 4',
    'look at the causes in andon trigger history, and pause one of them',
  ),
  'trigger.action': row(
    503,
    'refused',
    'a trigger has an action that this gateway can carry out',
    'choose another action, or start the gateway with what it needs',
  ),
  'trigger.owner': row(
    403,
    'refused',
    'a trigger that starts agents or reaches outside belongs to a person, or to an executive who may delegate that',
    'let a person create it, or resume it as their own',
  ),
  'trigger.target': row(
    400,
    'refused',
    'a webhook goes to a public https address, or to a host that the operator allowed',
    'andon up --webhook-host HOST:PORT allows another one',
  ),
  'trigger.command': row(
    404,
    'notFound',
    'a command is one that the operator named',
    'andon up --command NAME=PATH',
  ),
  'trigger.overlap': row(
    409,
    'refused',
    'a trigger does not fire while what it made last has not ended, unless it says otherwise',
    'wait, or set `overlap: queue` or `overlap: allow`',
  ),
  'trigger.missing': row(404, 'notFound', 'the trigger exists', 'andon trigger list'),
  'trigger.exists': row(
    409,
    'conflict',
    'a trigger has a name of its own, and those of the plan are changed in the plan',
    'choose another name, or edit andon.yaml and apply it',
  ),
  'trigger.recipient': row(
    409,
    'refused',
    'a message has somebody to go to',
    'name a recipient; `holder` is good for deadlines and events of tasks that somebody holds',
  ),
} as const;
