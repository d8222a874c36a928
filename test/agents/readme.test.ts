import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, textOf } from '../support/markdown.ts';
import type { Script, Turn } from '../support/model-server.ts';
import { openRealAgents, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';
import { claudeProgram, codexProgram } from './programs.ts';
import { bash, exec, pushed, submit, tool, verdict } from './scripts.ts';

const text =
  blocksOf(textOf('docs/runs.md')).find((block) => block.text.includes('adapter: codex'))?.text ?? '';

/** Commits the one file that the task may write, and pushes it. */
const documented = (task: string): string =>
  `mkdir -p docs && echo "# ${task}" > docs/${task}.md && git add -A && git commit -qm "Describe ${task}" && ${pushed(task)} && git rev-parse HEAD`;

/** The actions of either program, each by its own tools: the program is refused at main, then does its task. */
const steps = (task: string, shell: (command: string) => Turn, submitting: string): Script => [
  shell('git push origin HEAD:main'),
  shell(documented(task)),
  submit(submitting, task),
  shell(verdict('shipped')),
];

describe.skipIf(claudeProgram === undefined || codexProgram === undefined)(
  'the plan of docs/runs.md, with Claude Code and Codex',
  () => {
    let line: RealAgents;
    beforeAll(async () => {
      line = await openRealAgents({
        ...{
          adapter: 'claude',
          program: claudeProgram ?? '',
          containment: containments[0],
          tasks: ['unused'],
        },
      });
      const { url, host } = line.model;
      const started = (program: string | undefined, env: string): string =>
        `\n    program: ${JSON.stringify(program)}\n    env: { ${env} }`;
      const plan = text
        .replace('project: shop', `project: ${line.project}`)
        .replaceAll('adapter: claude', `$&${started(claudeProgram, `ANTHROPIC_BASE_URL: "${url}"`)}`)
        .replace('adapter: codex', `$&${started(codexProgram, `OPENAI_BASE_URL: "${url}/v1"`)}`)
        .replaceAll(/\[api\.(?:anthropic|openai)\.com\]/g, `["${host}"]`);
      await line.gateway.owner.plan.put.mutate({ project: line.project, text: plan });
    });
    afterAll(() => line?.close());

    const changeOf = async (task: string): Promise<string> =>
      (await line.gateway.owner.change.list.query({ project: line.project, task }))[0]?.id ?? '';
    const stateOf = async (change: string): Promise<string> =>
      (await line.gateway.owner.change.show.query({ project: line.project, change })).state;

    async function reviewed(task: string): Promise<void> {
      const change = await changeOf(task);
      const { project } = line;
      line.model.play('reviewer', [
        tool('mcp__andon__change_show', { change }),
        bash(`andon change diff ${change}`),
        bash(`andon gate pass ${change} review`),
        bash(`andon verdict approve ${change} --note "says what was asked for"`),
        bash(verdict('shipped').replace('"epoch":1,', '')),
      ]);
      const asked = { project, profile: 'reviewer', mission: 'script:reviewer', change };
      const { run } = await line.gateway.owner.agent.spawn.mutate(asked);
      const ended = await line.end(run);
      expect(ended.outcome, ended.printed).toBe('shipped');
      expect(await stateOf(change)).toMatch(/approved|landing|landed/);
    }

    it('both work at once, each on its task, and a reviewer brings both to main', async () => {
      const runs = await Promise.all([
        line.spawn('cart', steps('cart', bash, 'mcp__andon__change_submit'), { profile: 'claude' }),
        line.spawn('prices', steps('prices', exec, 'mcp__andon.change_submit'), { profile: 'codex' }),
      ]);
      for (const run of runs) {
        const ended = await line.end(run);
        expect(ended.outcome, ended.printed).toBe('shipped');
      }
      for (const task of ['cart', 'prices']) await reviewed(task);
      // Approved changes land by themselves, one after the other.
      for (const task of ['cart', 'prices'])
        await waitUntil(async () => (await line.task(task))?.state === 'done');
    });
  },
);
