/**
 * Procedures that are no tool, with the reason. Callers with the right can still call them, by the command
 * line or tRPC. Every other procedure of the router becomes a tool by itself; subscriptions never do, since a
 * tool answers once.
 */
export const leftOut: Readonly<Record<string, string>> = {
  'briefing.show': 'the tool briefing and the resource show it as a text, with next steps as tools',
  'token.renew':
    'the client keeps its token in its own configuration: the next one would stand in the model’s context, and the present one die',
  'run.take': 'for runners: the answer holds the token of an agent',
  'run.start': 'for runners: what a process is, only the program that started it knows',
  'run.renew': 'for runners: as run.start',
  'run.end': 'for runners: as run.start',
  'run.context': 'for runners: as run.start',
  'gate.take': 'for runners: the answer holds the nonce of a lease',
  'gate.beat': 'for runners: what a command does, only the program that started it knows',
  'gate.end': 'for runners: as gate.beat',
  'gate.release': 'for runners: as gate.beat',
  'gate.setupFailed': 'for runners: as gate.beat',
  'token.kept': 'what an earlier version left is for the operator, who reads it in andon doctor',
  'token.keys': 'public keys are for programs that verify, and stand at /.well-known/jwks.json',
};
