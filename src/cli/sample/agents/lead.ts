import { main, mustAndon, say, untilAllDone } from './tools.ts';

/** The executive: reads the plan, watches, reports, and cannot touch code. */

interface ShownChange {
  readonly plan: {
    readonly phases: string[];
    readonly tasks: Record<string, { phase: string; write: string[] }>;
  };
}

main(async () => {
  const { plan } = await mustAndon<ShownChange>(['plan', 'show']);
  const tasks = Object.entries(plan.tasks);
  const wide = tasks.filter(([, { write }]) => write.some((glob) => glob === '**'));
  say(
    `the plan has ${tasks.length} tasks in ${plan.phases.length} phases; ${wide.length} with an unbounded scope`,
  );
  const order = plan.phases.map(
    (phase) =>
      `${phase}: ${tasks
        .filter(([, one]) => one.phase === phase)
        .map(([id]) => id)
        .join(', ')}`,
  );
  await mustAndon([
    'decision',
    'write',
    '--question',
    'Can the plan be carried out?',
    '--decision',
    'It is sound',
    '--rationale',
    order.join('\n'),
  ]);
  if (wide.length > 0)
    await mustAndon([
      'report',
      'write',
      'alert',
      '--title',
      'A scope has no bounds',
      '--body',
      wide.map(([id]) => id).join(', '),
    ]);
  await untilAllDone([], async () => undefined);
  const audit = await mustAndon<{ events: number }>(['audit', 'verify']);
  say(`every task has ended; the log of ${audit.events} events is unbroken`);
  await mustAndon([
    'report',
    'write',
    'report',
    '--title',
    'The plan is done',
    '--body',
    `${tasks.length} tasks, ${audit.events} events.`,
  ]);
  return 'the plan was audited before and after';
});
