import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustGit, write } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine, refusal } from '../../support/line.ts';
import { connectMcp } from '../../support/mcp.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
gates:
  look: { by: validator }
tasks:
  one:   { title: One, phase: build, write: ["src/one/**"], gates: [look] }
  two:   { title: Two, phase: build, write: ["src/two/**"], gates: [look] }
  three: { title: Three, phase: build, write: ["src/shared.js"] }
`;
const project = 'shop';
const shared = Array.from({ length: 30 }, (_, n) => `// line ${n + 1}\n`).join('');

describe('a judgement that names no tree', () => {
  let line: Line;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine('pglite', { plan, files: { 'src/shared.js': shared } });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());

  it('is bound to the tree that its judge was shown, by a tool or over tRPC', async () => {
    const { change, tree } = await line.offer(builder, 'one', { 'src/one/a.js': 'export const a = 1;\n' });
    const judge = await line.mint('agent:judge-1', { tier: 'validator' });
    const hand = await connectMcp(line.url, judge.token);
    // The eyes of another judge count for nothing, and neither does the state of the change.
    await line.owner.change.diff.query({ project, change });
    await hand.must('change_show', { change });
    const [unseen] = await hand.reasons('gate_pass', { change, gate: 'look' });
    expect(unseen?.code).toBe('change.unseen');
    expect(unseen?.next).toContain('the tool change_diff');
    expect((await hand.reasons('verdict_approve', { change })).map(({ code }) => code)).toContain(
      'change.unseen',
    );
    await hand.must('change_diff', { change });
    await hand.must('gate_pass', { change, gate: 'look' });
    await hand.must('verdict_approve', { change, note: 'reads well' });
    await line.until(change, 'landed');
    expect((await line.change(change)).verdicts).toMatchObject([{ approve: true, tree }]);
    await hand.close();
  });

  it('may reject unread, since a rejection vouches for nothing', async () => {
    const { change } = await line.offer(builder, 'two', { 'src/two/a.js': 'export const a = 1;\n' });
    const judge = await line.mint('agent:judge-2', { tier: 'validator' });
    await judge.client.verdict.reject.mutate({ project, change, reasons: ['no test'] });
    expect((await line.change(change)).state).toBe('refused');
  });

  it('vouches for no tree that came after the one that was read', async () => {
    const judge = await line.mint('agent:judge-3', { tier: 'validator' });
    const { change, tree } = await line.offer(builder, 'three', {
      'src/shared.js': shared.replace('// line 25\n', '// twenty-five\n'),
    });
    await judge.client.change.diff.query({ project, change });
    await beside({ 'src/shared.js': shared.replace('// line 2\n', '// two\n') });
    await judge.client.verdict.approve.mutate({ project, change });
    await waitUntil(async () => {
      const { state, rebuilt } = await line.change(change);
      return state === 'judging' && rebuilt === 1;
    });
    const now = (await line.change(change)).tree;
    expect(now).not.toBe(tree);
    for (const judging of [
      judge.client.verdict.approve.mutate({ project, change }),
      judge.client.verdict.reject.mutate({ project, change, reasons: ['x'] }),
    ])
      expect(await refusal(judging)).toMatchObject([{ code: 'change.moved', found: tree, limit: now }]);
    const hand = await connectMcp(line.url, judge.token);
    expect((await hand.must('change_diff', { change })).moved).toContain('read all of it again');
    expect((await hand.must('change_diff', { change })).moved).toBeUndefined();
    await hand.close();
    expect(await codesOf(judge.client.verdict.approve.mutate({ project, change, tree }))).toEqual([
      'change.moved',
    ]);
    await judge.client.verdict.approve.mutate({ project, change });
    await line.until(change, 'landed');
  });

  /** Moves main past the gateway, as a person does who repairs a repository by hand. */
  async function beside(files: Readonly<Record<string, string>>): Promise<void> {
    const folder = line.app.gateway.git.folderOf(project);
    const work = mkdtempSync(join(tmpdir(), 'andon-beside-'));
    await mustGit(work, ['clone', '-q', folder, 'w']);
    const clone = join(work, 'w');
    write(clone, files);
    await mustGit(clone, ['commit', '-qam', 'beside']);
    const commit = await mustGit(clone, ['rev-parse', 'HEAD']);
    await mustGit(folder, ['fetch', '-q', clone, 'HEAD']);
    await mustGit(folder, ['update-ref', 'refs/heads/main', commit]);
    rmSync(work, { recursive: true, force: true });
  }
});
