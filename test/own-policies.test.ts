import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createAnalyser } from '../src/analysis/analyser.ts';
import { runCheck } from '../src/cli/check/run.ts';

it('Andon keeps to its own limits: complexity 8 and 60 lines for every function of src', async () => {
  const analyser = createAnalyser();
  const said: string[] = [];
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  try {
    const request = { cwd, paths: ['src'], given: {}, format: 'human' as const };
    const say = (text: string) => said.push(text);
    const code = await runCheck(request, { data: say, talk: say }, analyser);
    expect(said.slice(0, -1)).toEqual([]);
    expect(said.at(-1)).toMatch(/nothing to refuse in \d{3} source files .*complexity at most 8.*60 lines/);
    expect(code).toBe(0);
  } finally {
    analyser.close();
  }
});
