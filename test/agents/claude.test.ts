import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Shown, Turn } from '../support/model-server.ts';
import { openRealAgents, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { claudeProgram } from './programs.ts';
import { bash, cloneOf, pushed, submit, tool, verdict, write } from './scripts.ts';

describe.skipIf(claudeProgram === undefined).each(containments)(
  'Claude Code, contained by %s',
  (containment) => {
    let line: RealAgents;
    beforeAll(async () => {
      line = await openRealAgents({
        ...{ adapter: 'claude', program: claudeProgram ?? '', containment },
        tasks: ['ship'],
      });
    });
    afterAll(() => line?.close());

    it('is shown why a push to main is refused, pushes its own branch, submits by tool and ships', async () => {
      const ended = await line.play('ship', [
        tool('mcp__andon__task_show', { task: 'ship' }),
        (shown: Shown): Turn => write(`${cloneOf(shown)}/src/ship/a.ts`, 'export const n = 1;\n'),
        (shown: Shown): Turn => write(`${cloneOf(shown)}/src/other.ts`, 'export const n = 1;\n'),
        bash('git add -A && git commit -qm work && git push origin HEAD:main'),
        bash('git add -A && git commit -qm work'),
        // The gateway judges text that the gate cannot read.
        bash(
          `node -e "require('child_process').spawnSync('git',['push','origin','HEAD:main'],{stdio:'inherit'})"`,
        ),
        bash(`${pushed('ship')} && git rev-parse HEAD`),
        submit('mcp__andon__change_submit', 'ship'),
        bash(verdict('shipped')),
      ]);
      const results = line.model.of('ship').map((asked) => asked.results.join('\n'));
      expect(results[1]).toContain('"title":"Do ship"');
      expect(results[3]).toMatch(/scope\.write: `src\/other\.ts`/);
      expect(results[4]).toMatch(/ref\.namespace: `main`/);
      expect(results[6]).toContain('remote: andon: refused main (1 reason)');
      expect(results[8]).toContain('"change":"chg_');
      expect({ outcome: ended.outcome, note: ended.note }).toEqual({
        outcome: 'shipped',
        note: 'shipped it',
      });
      expect(ended.sandbox).toMatch(containment === 'bubblewrap' ? /bubblewrap/ : /other-user|none/);
      expect((await line.task('ship'))?.state).toBe('gated');
      const sent = line.model.of('ship').reduce((sum, { usage }) => sum + usage.input + usage.output, 0);
      expect(ended.usage.tokens).toBe(sent);
      const said = /"total_cost_usd":([\d.e-]+)/.exec(ended.printed)?.[1];
      expect(ended.usage.usdMicro).toBe(Math.round(Number(said) * 1_000_000));
      expect(ended.usage.usdMicro).toBeGreaterThan(0);
    });
  },
);
