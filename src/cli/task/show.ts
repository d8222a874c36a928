import { taskWords } from '../../messages/task-words.ts';
import type { Run } from '../command.ts';
import { dateWords } from '../dates.ts';
import { printable } from '../printable.ts';
import { short } from '../table.ts';

/** The command `andon task show`. */
export async function showTask({ link }: Run<object>, task: string) {
  const { client, project } = await link();
  const row = await client.task.show.query({ project, task });
  const facts: [string, string][] = [
    ['title', row.title],
    ['kind', row.kind],
    ['state', row.state],
    ['phase', row.phase],
    [
      'holder',
      row.holder === null
        ? '-'
        : `${row.holder}, epoch ${row.epoch}, until ${dateWords(row.leaseUntil ?? '-')}`,
    ],
    ['needs', list(row.needs)],
    ['write', list(row.write)],
    ['gates', list(row.gates)],
    ['requires', list(row.requires)],
    ['done when', row.done],
  ];
  const questions = row.questions.map(
    (one) =>
      `question  ${short(one.id)}  ${printable(one.question)}  ${one.answer === null ? '(open)' : `-> ${printable(one.answer)}`}`,
  );
  return {
    data: row,
    lines: [
      ...facts.map(([name, value]) => `${name.padEnd(9)} ${printable(value)}`),
      ...questions,
      ...taskWords({ ...row, answers: [] }).map(printable),
    ],
  };
}

const list = (words: readonly string[]): string => words.join(', ') || '-';
