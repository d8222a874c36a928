import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Shown, Turn } from '../support/model-server.ts';
import { openRealAgents, project, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { claudeProgram, codexProgram } from './programs.ts';
import { bash, cloneOf, exec, pushed, tool, verdict, write } from './scripts.ts';

const [containment] = containments;
const files = {
  'src/load/tax.ts': 'export const taxRate_de = 19;\n',
  'src/load/other.ts': 'export const idle = 1;\n',
};

describe.skipIf(claudeProgram === undefined)('the context of Claude Code', () => {
  let line: RealAgents;
  beforeAll(async () => {
    line = await openRealAgents({
      ...{ adapter: 'claude', program: claudeProgram ?? '', containment, tasks: ['load'], files },
      profiles: { careful: 'retries: 0, context: { tokens: 5000, folders: refused }' },
    });
  });
  afterAll(() => line?.close());

  it('is told part by part; whole folders are refused before they are loaded, single files are not', async () => {
    const ended = await line.play(
      'load',
      [
        (shown: Shown): Turn => tool('Read', { file_path: `${cloneOf(shown)}/src/load/tax.ts` }),
        bash('cat src/load/*'),
        bash('cat src/load/other.ts'),
        (shown: Shown): Turn => write(`${cloneOf(shown)}/src/load/a.ts`, 'export const n = taxRate_de;\n'),
        bash(`git add -A && git commit -qm work && ${pushed('load')}`),
        bash(verdict('shipped')),
      ],
      { profile: 'careful' },
    );
    const results = line.model.of('load').map((asked) => asked.results.join('\n'));
    expect(results[1]).toContain('taxRate_de = 19');
    expect(results[2]).toContain('tool.folder');
    expect(results[2]).not.toContain('idle = 1');
    expect(results[3]).toContain('idle = 1');
    const [{ context } = { context: undefined }] = await line.gateway.owner.record.context.query({
      project,
      task: 'load',
    });
    const parts = Object.fromEntries(
      (context?.parts ?? []).map((part) => [`${part.kind} ${part.source}`, part]),
    );
    expect(parts['file src/load/tax.ts'], JSON.stringify(parts)).toMatchObject({ loads: 1, used: 'reused' });
    expect(parts['command cat src/load/other.ts']).toMatchObject({ used: null });
    expect(parts['prompt prompt']?.characters).toBeGreaterThan(100);
    const sent = line.model.of('load').map(({ usage }) => usage.input);
    expect([context?.firstTokens, context?.mostTokens, context?.lastTokens]).toEqual([
      sent[0],
      Math.max(...sent),
      sent.at(-1),
    ]);
    expect(ended.outcome, ended.note ?? '').not.toBe('over_budget');
  });

  it('ends a run whose answer takes in more than its profile allows', async () => {
    const large = { ...bash('node -e "setTimeout(() => {}, 30000)"'), usage: { input: 6_000, output: 1 } };
    const ended = await line.play('large', [large], { profile: 'careful', task: null });
    expect(ended.note).toContain('a context of 6000 tokens, limit 5000');
  });
});

describe.skipIf(codexProgram === undefined)('the context of Codex', () => {
  let line: RealAgents;
  beforeAll(async () => {
    line = await openRealAgents({
      ...{ adapter: 'codex', program: codexProgram ?? '', containment, tasks: ['load'], files },
    });
  });
  afterAll(() => line?.close());

  it('is told by its commands, with the size that its journal names', async () => {
    await line.play('load', [exec('cat src/load/tax.ts'), exec('echo taxRate_de'), exec(verdict('stuck'))]);
    const [{ context } = { context: undefined }] = await line.gateway.owner.record.context.query({
      project,
      task: 'load',
    });
    const part = context?.parts.find(({ source }) => source.includes('cat src/load/tax.ts'));
    expect(part, JSON.stringify(context)).toMatchObject({ kind: 'command', used: 'reused' });
    const sent = line.model.of('load').map(({ usage }) => usage.input);
    expect(context?.mostTokens).toBe(Math.max(...sent));
  });
});
