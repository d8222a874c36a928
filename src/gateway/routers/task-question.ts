import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { reason } from '../../lib/decision.ts';
import { newId } from '../../store/ids.ts';
import { lockTask } from '../../tasks/rows.ts';
import { questions } from '../../tasks/schema.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation } from '../door/procedure.ts';
import { name, project, text } from './inputs.ts';

const none = async (): Promise<undefined> => undefined;

export function askProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:ask',
    description:
      'Asks the people of the project a question about a task; the task cannot be closed until it is answered.',
    input: z.strictObject({ project, task: name, question: text(4000) }),
    access: ({ task }) => ({ task }),
    fixed: none,
    moving: (tx, { input }) => lockTask(tx, input.project, input.task),
    decide: ({ input, moving }) => {
      if (moving === undefined) return [reason('task.missing', `task/${input.task}`)];
      const ended = moving.state === 'done' || moving.state === 'abandoned';
      return ended ? [reason('task.state', `task/${input.task}`, { found: moving.state })] : [];
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
      });
      return {
        answer: { question: id },
        events: [
          {
            type: 'question.asked',
            subject: `task/${input.task}`,
            data: { question: id, text: input.question },
          },
        ],
      };
    },
  });
}

export function answerProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:answer',
    description: 'Answers an open question about a task.',
    input: z.strictObject({ project, task: name, answer: text(4000) }),
    fixed: none,
    moving: (tx, { input }) =>
      tx.orm
        .select()
        .from(questions)
        .where(
          and(eq(questions.project, input.project), eq(questions.task, input.task), isNull(questions.answer)),
        )
        .for('update'),
    decide: ({ input, moving }) =>
      moving.length === 0 ? [reason('task.state', `task/${input.task}`, { found: 'no open question' })] : [],
    effect: async (tx, _permit, { grant, input, entered }) => {
      await tx.orm
        .update(questions)
        .set({ answer: input.answer, answeredBy: grant.sub, answeredAt: entered.now })
        .where(
          and(eq(questions.project, input.project), eq(questions.task, input.task), isNull(questions.answer)),
        );
      return {
        answer: { task: input.task },
        events: [
          { type: 'question.answered', subject: `task/${input.task}`, data: { answer: input.answer } },
        ],
      };
    },
  });
}
