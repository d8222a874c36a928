import { row } from '../code-row.ts';

/** Codes of triggers. */
export const triggerCodes = {
  'trigger.time': row(
    400,
    'usage',
    'a trigger of times has a cron expression or an interval with a next time, in a zone that exists',
    'mend the expression; andon trigger preview shows the next ten times',
  ),
  'trigger.event': row(
    400,
    'usage',
    'a trigger of events names a type of event that Andon appends',
    'choose one of the types; andon event list prints events with their types',
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
    'triggers that fire triggers form no circle, and a chain of at most 4',
    'look at the causes in andon trigger history <trigger>, and pause one of them',
  ),
  'trigger.action': row(
    503,
    'refused',
    'a trigger has an action that this gateway can carry out',
    'choose another action, or start the gateway with the command or host that it needs',
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
    'let the operator allow the host: andon up --webhook-host HOST:PORT',
  ),
  'trigger.command': row(
    404,
    'notFound',
    'a command is one that the operator named',
    'let the operator name the command: andon up --command NAME=PATH',
  ),
  'trigger.overlap': row(
    409,
    'refused',
    'a trigger does not fire while its last run or task is unfinished, unless its `overlap` allows that',
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
    'a message has a recipient',
    'name a recipient; `holder` works for deadlines and events of tasks that have a holder',
  ),
} as const;
