import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import type { Planner } from './queue-simulator.ts';

const sourceOf = (name: string): string =>
  readFileSync(new URL(`../../src/changes/queue/${name}`, import.meta.url), 'utf8');

/** Both files of the planner as one text, without their imports, which only name each other and types. */
export const plannerText = [sourceOf('stack.ts'), sourceOf('planner.ts')]
  .join('\n')
  .replaceAll(/^import [^;]*;$/gm, '');

/** Loads the planner with one place of its text changed. */
export async function loadPlanner(find = '', replacement = ''): Promise<Planner> {
  const { code } = await transform(
    plannerText.replace(find, () => replacement),
    { loader: 'ts', format: 'esm' },
  );
  // Another text is another module: one address per text.
  const address = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  const { planQueue } = (await import(/* @vite-ignore */ address)) as { planQueue: Planner };
  return planQueue;
}
