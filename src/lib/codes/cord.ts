import { row } from '../code-row.ts';

/** Codes of the cord: stops, and what clears them. */
export const cordCodes = {
  'line.stopped': row(
    409,
    'stopped',
    'nothing is claimed or spawned in the scope of a stop, and nothing lands in that of a red one',
    'wait until it is cleared; andon cord status tells who clears it and how',
  ),
  'cord.scope': row(
    400,
    'usage',
    'a stop has a scope: task/<task>, workflow/<task>, project, or all with the project `*`',
    'name one of them',
  ),
  'cord.missing': row(404, 'notFound', 'the stop is one of the project', 'andon cord log'),
  'cord.cleared': row(409, 'conflict', 'a stop is cleared once', 'andon cord log tells who cleared it'),
  'cord.human': row(
    403,
    'refused',
    'only a human clears a red stop',
    'tell a human: andon cord clear <stop> --root-cause file.yaml',
  ),
  'cord.owner': row(
    403,
    'refused',
    'a yellow stop is cleared by the agent or person that pulled it, an executive or a human',
    'ask one of them',
  ),
  'cord.cause': row(
    400,
    'usage',
    'a stop is cleared with a reason, a red one with its root cause: one to seven whys with evidence, the kind of the last one, and what prevents it',
    'andon cord clear --help shows the form',
  ),
  'message.recipient': row(
    403,
    'refused',
    'everybody writes to executives and humans; only those write to agents',
    'write to tier:executive, tier:human or human:<name>',
  ),
  'message.missing': row(404, 'notFound', 'the message is in your inbox', 'andon inbox --all'),
} as const;
