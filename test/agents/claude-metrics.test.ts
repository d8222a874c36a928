import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealAgents, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { claudeProgram } from './programs.ts';
import { bash, submit, verdict, work } from './scripts.ts';

describe.skipIf(claudeProgram === undefined).each(containments)(
  'metrics of Claude Code, contained by %s',
  (containment) => {
    let line: RealAgents;
    beforeAll(async () => {
      line = await openRealAgents({
        ...{ adapter: 'claude', program: claudeProgram ?? '', containment },
        tasks: ['meter', 'dear'],
        profiles: {
          measured: 'retries: 0, usage: otel',
        },
      });
    });
    afterAll(() => line?.close());

    it('count what it spends, no more and no less than what it prints', async () => {
      const ended = await line.play(
        'meter',
        [bash(work('meter')), submit('mcp__andon__change_submit', 'meter'), bash(verdict('shipped'))],
        { profile: 'measured' },
      );
      expect(ended.outcome).toBe('shipped');
      const sent = line.model.of('meter').reduce((sum, { usage }) => sum + usage.input + usage.output, 0);
      expect(ended.usage.tokens).toBe(sent);
      expect(ended.usage.usdMicro).toBeGreaterThan(0);
    });

    it('tell its USD while it works', async () => {
      const run = await line.spawn(
        'dear',
        [
          { ...bash('echo begun'), usage: { input: 3000, output: 200 } },
          bash('sleep 5; echo rested'),
          bash('sleep 60'),
        ],
        { profile: 'measured' },
      );
      let usdMicro = 0;
      for (let looks = 0; looks < 400 && usdMicro === 0; looks++) {
        const shown = await line.gateway.owner.run.show.query({ project: line.project, run });
        expect(shown.state, `no USD by then: ${JSON.stringify(shown.usage)}`).not.toBe('ended');
        usdMicro = shown.usage.usdMicro;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      console.log(`${containment}: ${usdMicro} USD millionths are known while it works`);
      expect(usdMicro).toBeGreaterThan(0);
      await line.gateway.owner.run.stop.mutate({ project: line.project, run, why: 'seen enough' });
      await line.end(run);
    });
  },
);
