import { z } from 'zod';
import { contextBounds, loadKinds, useSigns } from '../../runner/context/context-report.ts';
import { writeContext } from '../../runs/context.ts';
import { lockRun } from '../../runs/rows.ts';
import { event } from '../../store/log/events.ts';
import { textOrEmpty } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { count, decideHeld, mine } from './held-run.ts';

const part = z.strictObject({
  kind: z.enum(loadKinds),
  source: textOrEmpty(contextBounds.sourceMax),
  why: textOrEmpty(contextBounds.whyMax),
  loads: count,
  characters: count,
  used: z.enum(useSigns).nullable(),
});

/** The procedure `run.context`: the runner of a run reports what its program loaded. */
export function contextProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'run:report',
    description:
      'Reports the context that the program of a run has loaded, and which of it shows a sign of use.',
    input: z.strictObject({
      ...mine,
      firstTokens: count.nullable(),
      mostTokens: count.nullable(),
      lastTokens: count.nullable(),
      loads: count,
      loadedCharacters: count,
      usedCharacters: count,
      parts: z.array(part).max(contextBounds.partsMax),
      more: count,
    }),
    facts: (tx, { input }) => lockRun(tx, input.project, input.run),
    decide: decideHeld,
    effect: (tx, { decided: row }, { input }) => {
      const { project: _project, run, runner: _runner, parts, more, ...context } = input;
      writeContext(tx, row, { ...context, parts, more });
      const { agent, profile, task, epoch } = row;
      const loaded = event('run.loaded', `run/${run}`, { agent, profile, task, epoch, context });
      return { answer: { run }, events: [loaded] };
    },
  });
}
