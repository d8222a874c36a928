import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Script } from '../support/model-server.ts';
import { openRealAgents, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { claudeProgram } from './programs.ts';
import { bash, submit, verdict, work } from './scripts.ts';

const text = readFileSync(resolve(import.meta.dirname, '../../templates/team.yaml'), 'utf8');
const said = (result: string): string => verdict(result).replace('"epoch":1,', '');

describe.skipIf(claudeProgram === undefined)('the team of templates/team.yaml, with Claude Code', () => {
  let line: RealAgents;
  beforeAll(async () => {
    line = await openRealAgents({
      ...{ adapter: 'claude', program: claudeProgram ?? '', containment: containments[0] },
      tasks: ['unused'],
      files: { 'package.json': '{"scripts":{"test":"node --test"}}' },
    });
    const base = `env: { ANTHROPIC_BASE_URL: "${line.model.url}" }\n    program: ${JSON.stringify(claudeProgram)}`;
    const plan = text
      .replace('project: shop', `project: ${line.project}`)
      .replaceAll('adapter: claude', `adapter: claude\n    retries: 0\n    ${base}`)
      .replaceAll('api.anthropic.com', line.model.host)
      .replace('"src/total.js"', '"src/total/**"');
    await line.gateway.owner.plan.put.mutate({ project: line.project, text: plan });
  });
  afterAll(() => line?.close());

  async function play(profile: string, script: Script, more: { task?: string; change?: string } = {}) {
    line.model.play(profile, script);
    const mission = `script:${profile}`;
    const { run } = await line.gateway.owner.agent.spawn.mutate({
      project: line.project,
      profile,
      mission,
      ...more,
    });
    const ended = await line.end(run);
    return { ...ended, asked: line.model.of(profile)[0]?.prompt ?? '' };
  }

  it('audits, decides and alerts; builds and submits; reads and approves', async () => {
    const executive = await play('executive', [
      bash('andon audit plan || true'),
      bash('andon decision write --question "build total first?" --decision "yes: nothing else is ready"'),
      bash('andon report write alert --title "no tests yet" --body "total has none"'),
      bash(said('shipped')),
    ]);
    expect(executive.outcome, executive.printed).toBe('shipped');
    expect(executive.asked).toContain('# You are the executive of real (LEAD)');
    const reports = await line.gateway.owner.report.list.query({ project: line.project });
    expect(reports.map(({ kind }) => kind)).toContain('alert');

    const builder = await play(
      'implementer',
      [bash(work('total')), submit('mcp__andon__change_submit', 'total'), bash(verdict('shipped'))],
      { task: 'total' },
    );
    expect(builder.outcome, builder.printed).toBe('shipped');
    expect(builder.asked).toContain('You carry out one task, total: Sum up a cart');
    const [change] = await line.gateway.owner.change.list.query({ project: line.project, task: 'total' });
    const id = change?.id ?? '';

    const judge = await play(
      'validator',
      [
        bash(`andon change show ${id}; andon change diff ${id}; andon gate list ${id}`),
        bash(`andon gate pass ${id} review`),
        // The other gate runs meanwhile.
        bash(
          `for n in 1 2 3 4 5 6 7 8; do andon verdict approve ${id} --note "read it all" && break; sleep 1; done`,
        ),
        bash(said('shipped')),
      ],
      { change: id },
    );
    expect(judge.outcome, judge.printed).toBe('shipped');
    expect(judge.asked).toContain(`You judge the change ${id}`);
    expect((await line.gateway.owner.change.show.query({ project: line.project, change: id })).state).toMatch(
      /approved|landing|landed/,
    );
  });
});
