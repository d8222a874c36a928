import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Shown, Turn } from '../support/model-server.ts';
import { openRealAgents, project, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { claudeProgram } from './programs.ts';
import { bash, cloneOf, tool, verdict, work, write } from './scripts.ts';

const tasks = [
  ...[
    'revoked',
    'epoch',
    'down',
    'denied',
    'liar',
    'no-mcp',
    'lost-mcp',
    'child',
    'same',
    'spender',
    'progress',
  ],
  ...['endless', 'idle-loop', 'long-prompt', 'leak'],
];
const profiles = {
  spender: 'retries: 0, budget: { tokens: 2000, beforeFirstCommit: 50% }',
  timed: 'retries: 0, maxDuration: 14s, flatTurns: 0',
};
const [containment] = containments;

describe.skipIf(claudeProgram === undefined)(
  `Claude Code when things go wrong, contained by ${containment}`,
  () => {
    let line: RealAgents;
    beforeAll(async () => {
      line = await openRealAgents({
        ...{ adapter: 'claude', program: claudeProgram ?? '', containment, tasks, profiles },
        lease: '30s',
      });
    });
    afterAll(() => line?.close());

    const results = (script: string) => line.model.of(script).map((asked) => asked.results.join('\n'));
    const grantOf = async (task: string) => {
      const { runs } = await line.gateway.owner.run.list.query({ project, task });
      const { gid } = await line.gateway.owner.run.show.query({ project, run: runs[0]?.id ?? '' });
      return gid;
    };

    it('ends a run whose grant is revoked while it works, and what it still tries is refused', async () => {
      const ended = await line.play('revoked', [
        bash('echo before'),
        async (): Promise<Turn> => {
          const target = { kind: 'grant' as const, value: await grantOf('revoked') };
          await line.gateway.owner.token.revoke.mutate({ project, ...target, why: 'stolen' });
          return bash('mkdir x');
        },
        () => bash(`${work('revoked')}; sleep 60`),
      ]);
      expect(ended).toMatchObject({ outcome: 'cancelled' });
      expect(ended.note).toContain('its grant was revoked');
      expect((await line.task('revoked'))?.state).toBe('ready');
    });

    it('denies a tool while the gateway cannot be reached for the question, and goes on when it is back', async () => {
      const ended = await line.play('down', [
        (): Turn => {
          line.relay.fate = (path) => (path === '/mcp' ? 'cut' : 'pass');
          return bash('mkdir made-while-down');
        },
        () => {
          line.relay.fate = () => 'pass';
          return bash('ls -d made-while-down; echo; mkdir made-later && ls');
        },
        bash(verdict('failed')),
      ]);
      const [, down = '', up = ''] = results('down');
      expect(down).not.toMatch(/^\(Bash completed/);
      expect(up).not.toContain('made-while-down\n');
      expect(ended.outcome).toBe('failed_verdict');
    });

    it('counts an exit status of 0 with every tool denied as no success', async () => {
      const ended = await line.play('denied', [
        tool('WebSearch', { query: 'a way around' }),
        tool('AskUserQuestion', { questions: [] }),
        tool('CronCreate', { cron: '* * * * *', prompt: 'again' }),
        (shown) => write(`${cloneOf(shown)}/package.json`, '{}'),
        bash('git push origin HEAD:main'),
        { text: 'All done, everything works.' },
      ]);
      for (const at of [2, 3]) expect(results('denied')[at]).toMatch(/No such tool available/);
      expect(results('denied').join()).toMatch(/scope\.write.*ref\.namespace/s);
      expect(ended).toMatchObject({ outcome: 'missing_verdict', exitCode: 0 });
      expect((await line.task('denied'))?.state).toBe('ready');
    });

    it('does not believe a verdict of success with nothing behind it', async () => {
      const ended = await line.play('liar', [bash(verdict('shipped'))]);
      expect(ended).toMatchObject({ outcome: 'no_progress', exitCode: 0 });
      expect(ended.note).toContain('nothing was done');
    });

    it('uses no tool when the MCP server answers nothing but errors', async () => {
      line.relay.fate = (path) => (path === '/mcp' ? 500 : 'pass');
      try {
        const ended = await line.play('no-mcp', [bash('mkdir unguarded'), bash(verdict('shipped'))]);
        expect(['crashed', 'missing_verdict']).toContain(ended.outcome);
        expect(results('no-mcp').join()).not.toContain('(Bash completed with no output)');
      } finally {
        line.relay.fate = () => 'pass';
      }
    });

    it('holds a subagent to the same limits, and counts what it spends', async () => {
      line.model.play('inner', [
        bash('git push origin HEAD:main'),
        (shown) => write(`${cloneOf(shown)}/package.json`, '{}'),
        { text: 'the child gives up' },
      ]);
      const ended = await line.play('child', [
        tool('Agent', {
          description: 'child',
          prompt: 'script:inner do it',
          subagent_type: 'general-purpose',
        }),
        bash(verdict('failed')),
      ]);
      const inner = results('inner').join('\n');
      expect(inner).toMatch(/ref\.namespace: `main`/);
      expect(inner).toMatch(/scope\.write: `package\.json`/);
      const all = [...line.model.of('child'), ...line.model.of('inner')];
      expect(ended.usage.tokens).toBe(all.reduce((sum, { usage }) => sum + usage.input + usage.output, 0));
    });

    it('ends a run that calls the same again and again as no progress', async () => {
      const ended = await line.play('same', () => bash('ls'));
      expect(ended).toMatchObject({ outcome: 'no_progress' });
      expect(ended.note).toContain('called nothing new');
      expect(line.model.of('same').length).toBeLessThan(10);
    });

    it('ends a run over its budget before the first progress, at the smaller share', async () => {
      const spend = ({ turn }: Shown): Turn => ({
        ...bash(`echo ${turn}; sleep 0.3`),
        usage: { input: 200, output: 100 },
      });
      const ended = await line.play('spender', spend, { profile: 'spender' });
      expect(ended.outcome).toBe('no_progress');
      expect(ended.note).toMatch(/tokens, limit 1000 before the first progress/);
      expect(ended.usage.tokens).toBeLessThan(3000);
    });

    it('lets a run that got somewhere spend all of its budget, and then ends it as over budget', async () => {
      const spend = ({ turn }: Shown): Turn =>
        turn === 0
          ? { ...bash(`${work('progress')}; sleep 3`), usage: { input: 50, output: 10 } }
          : { ...bash(`echo ${turn}; sleep 0.3`), usage: { input: 300, output: 100 } };
      const ended = await line.play('progress', spend, { profile: 'spender' });
      expect(ended.outcome).toBe('over_budget');
      expect(ended.note).toMatch(/tokens, limit 2000/);
    });

    it('ends a run that goes on without end when its time is up', async () => {
      const loop = ({ turn }: Shown): Turn => bash(turn === 0 ? work('endless') : `echo ${turn}; sleep 0.5`);
      const ended = await line.play('endless', loop, { profile: 'timed' });
      expect(ended.outcome).toBe('timed_out');
    });

    it('takes a prompt of 100 kB', async () => {
      const long = 'x'.repeat(100_000);
      const ended = await line.play('long-prompt', [bash(verdict('failed'))], { longPrompt: long });
      expect(ended.outcome).toBe('failed_verdict');
      expect(line.model.of('long-prompt')[0]?.prompt).toContain(long);
    });

    it('stores no token and no key that a run prints', async () => {
      const ended = await line.play('leak', [bash('env'), bash(verdict('failed'))]);
      expect(results('leak')[1]).toMatch(/ANDON_TOKEN=eyJ/);
      expect(ended.printed).toContain('ANDON_TOKEN=[secret]');
      expect(ended.printed).not.toMatch(/eyJ[\w-]{20,}\.eyJ/);
      expect(ended.printed).not.toContain('dummy-key-of-the-model');
    });
  },
);
