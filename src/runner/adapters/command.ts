import { defined } from '../../lib/defined.ts';
import type { AgentReport } from '../supervise/watch.ts';
import { type Adapter, countOf, jsonLine, objectOf, usdMicro } from './adapter.ts';

/**
 * Any program: a shell command of the profile, run in its clone, with ANDON_* in its environment. The runner
 * reads lines of JSON from its output, with values counted from the start of the run:
 * `{"andon":{"usage":{"tokens":1200,"usd":0.02}}}` and `{"andon":{"turn":{"calls":["read a.ts"]}}}`.
 */
export const command: Adapter = {
  prepare: ({ order }) => ({
    program: '/bin/sh',
    args: ['-c', order.settings.run ?? 'exit 127'],
    env: {},
    files: {},
    visible: [],
  }),
  reader: () => report,
};

function report(line: string): AgentReport {
  const said = objectOf(jsonLine(line), 'andon');
  if (said === undefined) return {};
  const usage = objectOf(said, 'usage');
  const turn = objectOf(said, 'turn');
  return {
    ...(usage === undefined
      ? {}
      : { usage: { tokens: countOf(usage, 'tokens'), usdMicro: usdMicro(usage.usd), turns: 0 } }),
    ...defined({ turn: turn && { calls: callsOf(turn.calls) } }),
  };
}

const callsOf = (calls: unknown): string[] =>
  Array.isArray(calls) ? calls.slice(0, 100).map((call) => JSON.stringify(call).slice(0, 2000)) : [];
