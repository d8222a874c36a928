import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passTime } from '../support/line.ts';
import type { Turn } from '../support/model-server.ts';
import { openRealAgents, project, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';
import { claudeProgram, codexProgram } from './programs.ts';
import { bash, exec, submit, tool, verdict, work } from './scripts.ts';

const [containment] = containments;
const cases = [
  { adapter: 'claude' as const, program: claudeProgram, shell: bash, prefix: 'mcp__andon__' },
  { adapter: 'codex' as const, program: codexProgram, shell: exec, prefix: 'mcp__andon.' },
].filter(({ program }) => program !== undefined);
const minutesMs = 60_000;

describe.each(cases)('a run of $adapter that is longer than the life of a token', (given) => {
  const { adapter, program = '', shell, prefix } = given;
  let line: RealAgents;
  beforeAll(async () => {
    line = await openRealAgents({ adapter, program, containment, tasks: ['long'], lease: '2h' });
  });
  afterAll(() => line?.close());

  it('goes on with tools and pushes, though the program keeps its first token', async () => {
    const tokenOfRun = async (): Promise<string> => {
      const { runs } = await line.gateway.owner.run.list.query({ project, task: 'long' });
      return readFileSync(join(line.runner.folder, 'work/runs', runs[0]?.id ?? '', 'token'), 'utf8');
    };
    const letTimePass = async (): Promise<void> => {
      const before = await tokenOfRun();
      await passTime(8 * minutesMs, line.gateway);
      await waitUntil(async () => (await tokenOfRun()) !== before, 30_000);
    };
    const first = tool(`${prefix}task_show`, { task: 'long' });
    const ended = await line.play('long', [
      async (): Promise<Turn> => {
        await letTimePass();
        return first;
      },
      async (): Promise<Turn> => {
        // Sixteen minutes: the first token is dead by now.
        await letTimePass();
        return first;
      },
      shell(work('long')),
      submit(`${prefix}change_submit`, 'long'),
      shell(verdict('shipped')),
    ]);
    const results = line.model.of('long').map((asked) => asked.results.join('\n'));
    expect(results[2]).toContain('"title":"Do long"');
    expect(results[4]).toContain('"change":"chg_');
    expect({ outcome: ended.outcome, note: ended.note }).toEqual({ outcome: 'shipped', note: 'shipped it' });
  });
});
