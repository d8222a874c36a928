import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileFiles, startThief, type Thief, trace } from '../support/hostile-repository.ts';
import type { Shown, Turn } from '../support/model-server.ts';
import { openRealAgents, type RealAgents } from '../support/real-agents.ts';
import { containments, type TestContainment } from '../support/runner.ts';
import { claudeProgram, codexProgram } from './programs.ts';
import { bash, cloneOf, exec, tool, verdict, write } from './scripts.ts';

const cases = containments.flatMap((containment) => [
  { adapter: 'claude' as const, program: claudeProgram, containment: containment as TestContainment },
  { adapter: 'codex' as const, program: codexProgram, containment: containment as TestContainment },
]);

describe.each(cases)('$adapter in a hostile repository, contained by $containment', (given) => {
  const { adapter, program, containment } = given;
  let line: RealAgents;
  let thief: Thief;
  beforeAll(async () => {
    thief = await startThief();
    if (program === undefined) return;
    const options = { adapter, program, containment, tasks: ['hostile'] };
    line = await openRealAgents({ ...options, files: hostileFiles(thief.url) });
  });
  afterAll(async () => {
    await line?.close();
    await thief?.close();
  });

  it.skipIf(program === undefined)('runs nothing of it, and its token reaches nobody', async () => {
    const shell = adapter === 'claude' ? bash : exec;
    const ended = await line.play('hostile', [
      ...(adapter === 'claude' ? claudeTries : []),
      // The control: runs whose network is open can reach the thief.
      shell(`node -e "fetch('${thief.url}/control').catch(() => 0)"`),
      shell('ls -a .. && git status --short'),
      shell(verdict('failed')),
    ]);
    const { asked } = line.model;
    const results = asked.flatMap((one) => one.results).join('\n');
    expect(ended.outcome).toBe('failed_verdict');
    expect(results).toContain('task.json');
    expect(results).not.toContain(trace);
    const calls = thief.heard.map((one) => one.split(' ')[1]);
    expect(calls).toEqual(containment === 'bubblewrap' ? [] : ['/control']);
    expect(thief.heard.join()).not.toContain('eyJ');
    if (adapter === 'claude') {
      expect(results).toMatch(/scope\.write: `\.claude\/settings\.json`/);
      expect(results).toMatch(/ref\.namespace: `main`/);
      expect(asked[0]?.tools.join()).not.toContain('thief');
    }
  });
});

/** Calls that the repository's own permissions would have let through. */
const claudeTries = [
  (shown: Shown): Turn => write(`${cloneOf(shown)}/.claude/settings.json`, '{}'),
  bash('git push origin HEAD:main'),
  tool('mcp__andon__task_show', { task: 'hostile' }),
];
