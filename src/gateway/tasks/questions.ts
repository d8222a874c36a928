import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { allowed, denied, reason } from '../../lib/decision.ts';
import { sendMessage, sendMessages } from '../../messages/messages.ts';
import { quoted } from '../../messages/task-words.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { lockTask } from '../../tasks/rows.ts';
import { questions } from '../../tasks/schema.ts';
import { name, principal, project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const askInput = z.strictObject({
  project,
  task: name,
  question: text(4000),
  against: principal
    .optional()
    .describe('Whom the caller disagrees with; a person decides between the two, and it is recorded'),
});

/** Tells the executive tier and the people of a question at once; people alone answer. */
async function escalate(
  tx: Tx,
  question: string,
  by: string,
  { project: projectName, task, question: words, against }: z.infer<typeof askInput>,
): Promise<void> {
  const title =
    against === undefined ? `${by} asks about ${task}` : `${by} disagrees with ${against} on ${task}: decide`;
  for (const recipient of ['tier:executive', 'tier:human']) {
    await sendMessage(tx, {
      project: projectName,
      recipient,
      kind: against === undefined ? 'question' : 'blocker',
      subject: `task/${task}`,
      title,
      body: words,
      data: { question, against: against ?? null },
    });
  }
}

/** The procedure `task.ask`: asks a question that people answer. */
export function askProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:ask',
    description:
      'Asks the people of the project a question about a task; the task cannot be closed until it is answered.',
    input: askInput,
    access: ({ task }) => ({ task }),
    facts: (tx, { input }) => lockTask(tx, input.project, input.task),
    decide: ({ input, facts }) => {
      if (facts === undefined) return denied(reason('task.missing', `task/${input.task}`));
      const isEnded = facts.state === 'done' || facts.state === 'abandoned';
      return isEnded
        ? denied(reason('task.state', `task/${input.task}`, { found: facts.state }))
        : allowed(facts);
    },
    effect: async (tx, _permit, { grant, input, entered }) => {
      const id = newId('question');
      await tx.orm.insert(questions).values({
        id,
        project: input.project,
        task: input.task,
        askedBy: grant.sub,
        question: input.question,
        askedAt: entered.now,
        against: input.against ?? null,
      });
      await escalate(tx, id, grant.sub, input);
      return {
        answer: { question: id },
        events: [
          event('question.asked', `task/${input.task}`, {
            question: id,
            text: input.question,
            against: input.against ?? null,
          }),
        ],
      };
    },
  });
}

/** The procedure `task.answer`: answers a question and informs its asker. */
export function answerProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:answer',
    description: 'Answers an open question about a task.',
    input: z.strictObject({
      project,
      task: name,
      answer: text(4000),
      decidesFor: principal.optional().describe('With a disagreement: who is right'),
    }),
    facts: (tx, { input }) =>
      tx.orm
        .select()
        .from(questions)
        .where(
          and(eq(questions.project, input.project), eq(questions.task, input.task), isNull(questions.answer)),
        )
        .for('update'),
    decide: ({ input, facts }) =>
      facts.length === 0
        ? denied(reason('task.state', `task/${input.task}`, { found: 'no open question' }))
        : allowed(facts),
    effect: async (tx, _permit, { grant, input, facts, entered }) => {
      await tx.orm
        .update(questions)
        .set({
          answer: input.answer,
          answeredBy: grant.sub,
          answeredAt: entered.now,
          decidedFor: input.decidesFor ?? null,
        })
        .where(
          and(eq(questions.project, input.project), eq(questions.task, input.task), isNull(questions.answer)),
        );
      await tellAnswered(tx, input, grant.sub, facts);
      return {
        answer: { task: input.task },
        events: [
          event('question.answered', `task/${input.task}`, {
            answer: input.answer,
            decidesFor: input.decidesFor ?? null,
          }),
        ],
      };
    },
  });
}

/** Whoever asked hears the answer, and whoever holds the task or had it last. */
async function tellAnswered(
  tx: Tx,
  {
    project: projectName,
    task,
    answer,
  }: { readonly project: string; readonly task: string; readonly answer: string },
  by: string,
  asked: readonly { readonly askedBy: string; readonly question: string }[],
): Promise<void> {
  const row = await lockTask(tx, projectName, task);
  const holder = row?.holder ?? row?.preferred;
  const recipients = new Set([...asked.map(({ askedBy }) => askedBy), ...(holder ? [holder] : [])]);
  recipients.delete(by);
  await sendMessages(
    tx,
    [...recipients].map((recipient) => ({
      project: projectName,
      recipient,
      kind: 'note' as const,
      subject: `task/${task}`,
      title: `${by} answered the question about ${task}`,
      body: [...asked.flatMap(({ question }) => quoted(question)), answer].join('\n'),
      data: { task },
    })),
  );
}
