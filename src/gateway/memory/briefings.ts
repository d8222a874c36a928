import { z } from 'zod';
import { allowed, denied, type Reason, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { type Briefing, briefingOf, moreOf } from '../../memory/briefing.ts';
import type { BriefedReader, BriefedStop, BriefingFacts } from '../../memory/briefing-facts.ts';
import { topics } from '../../memory/lines.ts';
import { namedTask, readBriefing } from '../../memory/read-briefing.ts';
import { readerOf } from '../../messages/messages.ts';
import { stopsAgainst } from '../../stops/rows.ts';
import { event } from '../../store/log/events.ts';
import type { Session } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { readProject } from '../../tasks/rows.ts';
import { barringReasons, readUnheld } from '../../tasks/unheld.ts';
import type { Grant } from '../../tiers/capability.ts';
import { explain } from '../../tiers/explain.ts';
import { name, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** Characters of a description that fit into a briefing, and those of one that somebody asks for. */
const descriptionMax = 3_000;
const wholeDescription = 70_000;

const named = { project, task: name.optional().describe('Name of a task; the one that you hold without it') };

/** The briefing: where the caller stands, and more of one topic when it says why. */
export function briefingRouter(gateway: Gateway) {
  return t.router({
    show: query(gateway, {
      action: 'grant:explain',
      description:
        'Tells where you stand: your rights, the task that you hold, how the last attempt ended, what is next, what is in the way. Call it first.',
      input: z.strictObject(named),
      answer: async (input, { grant }): Promise<Briefing> => {
        const facts = await readFacts(gateway.store, grant, input, descriptionMax);
        if (input.task !== undefined && namedTask(facts, input.task) === undefined)
          throw fail('task.missing', `task/${input.task}`);
        return briefingOf(facts);
      },
    }),
    more: moreProcedure(gateway),
  });
}

/** Causes for which an agent needs more than the minimum. */
const causes = ['ambiguity', 'dependency', 'scope'] as const;

function moreProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'briefing:extend',
    description: 'Tells more of one topic than the briefing does; the reason is recorded.',
    input: z.strictObject({
      ...named,
      topic: z.enum(topics).describe('Topic that you need more of'),
      cause: z
        .enum(causes)
        .describe(
          'ambiguity: the minimum can be read in two ways; dependency: your work needs it; scope: the work has grown',
        ),
      why: text(500),
    }),
    facts: (tx, { grant, input }) => readFacts(tx, grant, input, wholeDescription),
    decide: ({ input, facts }) =>
      input.task !== undefined && namedTask(facts, input.task) === undefined
        ? denied(reason('task.missing', `task/${input.task}`))
        : allowed(moreOf(facts, input.topic)),
    effect: (_tx, { decided }, { input, facts, grant }) => {
      const task = facts.tasks[0]?.id;
      const { topic, cause, why } = input;
      const subject = task === undefined ? grant.sub : `task/${task}`;
      return {
        answer: decided,
        events: [event('briefing.extended', subject, { topic, cause, why, tokens: decided.tokens })],
      };
    },
  });
}

async function readFacts(
  session: Session,
  grant: Grant,
  { project: projectName, task }: { readonly project: string; readonly task?: string | undefined },
  descriptionCharacters: number,
): Promise<BriefingFacts> {
  const { cap, sub } = grant;
  const asked = task ?? cap.task;
  const stops = await stopsAgainst(session, projectName, { what: 'claim', ...(asked && { task: asked }) });
  const facts = await readBriefing(session, {
    reader: readerIn(grant, projectName),
    inbox: readerOf(sub, cap.tier),
    task: asked,
    descriptionMax: descriptionCharacters,
    stops: stops.map(asStop),
  });
  return claims(grant) && facts.tasks.every(({ holder }) => holder !== sub)
    ? { ...facts, ready: await readClaimable(session, projectName, grant) }
    : facts;
}

const claims = ({ cap }: Grant): boolean => cap.tier === 'implementer' && cap.actions.includes('task:claim');

/** Ready tasks that are compared with a grant, and those of them that a briefing names. */
const comparedMax = 200;
const namedMax = 4;

/** The most urgent of the ready tasks that a grant lets its holder claim. */
async function readClaimable(
  session: Session,
  projectName: string,
  { sub, grantId, cap }: Grant,
): Promise<BriefingFacts['ready']> {
  const [unheld, stored] = await Promise.all([
    readUnheld(session, projectName, { backlog: false, max: comparedMax }),
    readProject(session, projectName),
  ]);
  const plan = await planAt(session, projectName, stored?.planHash ?? null);
  const claimant = { agent: sub, grantId, cap };
  const found: { id: string; title: string }[] = [];
  for (const task of unheld) {
    if (barringReasons(claimant, task, plan).length === 0) found.push({ id: task.id, title: task.title });
    if (found.length === namedMax) break;
  }
  return found;
}

function readerIn({ sub, grantId, cap }: Grant, projectName: string): BriefedReader {
  const { role, tier, purpose, write, limits } = explain(cap);
  const { complexity, functionLines } = limits;
  const bounds = { complexity, functionLines, actions: cap.actions };
  return {
    agent: sub,
    grant: grantId,
    project: projectName,
    role,
    tier,
    purpose,
    write: write.text,
    ...bounds,
  };
}

const asStop = ({ subject, found = '' }: Reason): BriefedStop => ({ subject, words: String(found) });
