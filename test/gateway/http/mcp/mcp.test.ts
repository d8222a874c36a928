import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destructive, idempotent, openWorld } from '../../../../src/gateway/http/mcp/hints.ts';
import { leftOut } from '../../../../src/gateway/http/mcp/left-out.ts';
import { toolName } from '../../../../src/gateway/http/mcp/tool-name.ts';
import { createRouter } from '../../../../src/gateway/router.ts';
import { type Action, actions, type Tier } from '../../../../src/tiers/actions.ts';
import { enginesOf } from '../../../support/engines.ts';
import { type Line, openLine } from '../../../support/line.ts';
import { connectMcp, jsonOf, type McpHand, postMcp, textOf } from '../../../support/mcp.ts';
import { planHead } from '../../../support/plan-head.ts';

const plan = `
${planHead()}
gates:
  review: { by: validator }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"], gates: [review] }
  pay:  { title: Pay, phase: build, write: ["src/pay/**"] }
  note: { title: Note, phase: build, write: ["docs/**"] }
`;
const project = 'shop';

interface Walked {
  readonly path: string;
  readonly type: string;
  readonly action: Action;
  readonly description: string;
}

describe.each(enginesOf(import.meta.filename))('the endpoint of tools, on %s', (engine) => {
  let line: Line;
  let walked: Walked[];
  const open: McpHand[] = [];
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    const procedures = createRouter(line.app.gateway)._def.procedures as unknown as Record<
      string,
      { _def: { type: string; meta: { action: Action; description: string } } }
    >;
    walked = Object.entries(procedures).map(([path, { _def }]) => ({ path, type: _def.type, ..._def.meta }));
  });
  afterAll(async () => {
    for (const hand of open) await hand.close();
    await line.close();
  });

  async function hand(token: string, headers?: Record<string, string>, query?: string): Promise<McpHand> {
    const made = await connectMcp(line.url, token, headers, query);
    open.push(made);
    return made;
  }
  const all = async (token: string) => (await hand(token, {}, '?tools=all')).client.listTools();
  const tokenOf = async (tier: Tier): Promise<string> =>
    tier === 'human' ? line.ownerToken() : (await line.mint(`agent:${tier}-x`, { tier })).token;
  const expected = (ops: readonly Action[]) =>
    walked
      .filter(
        ({ path, type, action }) =>
          type !== 'subscription' && ops.includes(action) && leftOut[path] === undefined,
      )
      .map(({ path }) => toolName(path));

  it.each(['human', 'executive', 'implementer', 'validator'] as const)(
    'lists to a %s exactly the procedures that its grant allows',
    async (tier) => {
      const token = await tokenOf(tier);
      const { may } = await line.client(token).token.explain.query({ project });
      const { tools } = await all(token);
      const ops = may.map(({ action }) => action);
      expect(ops.length).toBeGreaterThan(10);
      expect(tools.map(({ name }) => name).sort()).toEqual(
        [...expected(ops), 'briefing', 'permission_prompt'].sort(),
      );
      expect(tools.some(({ name }) => name === 'token_mint')).toBe(tier === 'human' || tier === 'executive');
    },
  );

  it('lists less to a grant that was narrowed', async () => {
    const narrow = await line.mint('agent:narrow', { ops: ['task:read', 'grant:explain'] });
    const { tools } = await all(narrow.token);
    expect(tools.map(({ name }) => name).sort()).toEqual(
      [
        ...[
          'briefing',
          'permission_prompt',
          'record_context',
          'record_estimate',
          'record_patterns',
          'record_show',
        ],
        ...['page_preview', 'question_list', 'solution_list', 'solution_search', 'solution_show'],
        ...['task_list', 'task_page', 'task_show', 'task_waiting', 'token_explain'],
      ].sort(),
    );
  });

  it('says of each tool what it does and whether it reads, takes away or may be repeated', async () => {
    const { tools } = await all(line.ownerToken());
    for (const { path, action, description, type } of walked) {
      const tool = tools.find(({ name }) => name === toolName(path));
      if (type === 'subscription' || leftOut[path] !== undefined) {
        expect(tool, path).toBeUndefined();
        continue;
      }
      expect(tool?.description, path).toBe(description);
      expect(tool?.annotations?.readOnlyHint, path).toBe(actions[action].kind === 'query');
      expect(tool?.annotations?.destructiveHint ?? false, path).toBe(destructive.has(path));
      expect(tool?.name, path).toMatch(/^[a-z]+(_[a-z]+)+$/);
      expect(tool?.inputSchema.required, path).toEqual(
        expect.arrayContaining(path === 'project.list' ? [] : ['project']),
      );
    }
    const paths = walked.map(({ path }) => path);
    for (const path of [...destructive, ...idempotent, ...openWorld, ...Object.keys(leftOut)])
      expect(paths).toContain(path);
  });

  it('asks a model for no project when the token is good for one', async () => {
    const builder = await line.mint('agent:one');
    const { tools } = await (await hand(builder.token)).client.listTools();
    const claim = tools.find(({ name }) => name === 'task_claim');
    expect(claim?.inputSchema.required ?? []).not.toContain('project');
    expect(Object.keys(claim?.inputSchema.properties ?? {})).not.toContain('project');
    expect((await (await hand(builder.token)).must('task_show', { project, task: 'cart' })).id).toBe('cart');
  });

  it('answers what tRPC answers', async () => {
    const reader = await line.mint('agent:reader');
    const mcp = await hand(reader.token);
    const { client } = reader;
    const status = await client.project.status.query({ project });
    expect(await mcp.must('project_status')).toEqual({ ...status, position: expect.any(Number) });
    const { may: _may, mayNot: _not, ...bounds } = await client.token.explain.query({ project });
    expect(await mcp.must('token_explain')).toMatchObject(JSON.parse(JSON.stringify(bounds)));
    expect(await mcp.must('task_show', { task: 'cart' })).toEqual(
      await client.task.show.query({ project, task: 'cart' }),
    );
    const [first] = await client.task.list.query({ project });
    const listed = await mcp.call('task_list');
    const { id, title, state, phase, epoch } = first ?? {};
    expect(listed.structuredContent?.items).toContainEqual({ id, title, state, phase, epoch });
    expect(JSON.parse(textOf(listed))).toEqual(listed.structuredContent);
  });

  it('refuses as tRPC refuses, with every reason, for model and program, and writes it down', async () => {
    const builder = await line.mint('agent:refused', { task: 'cart' });
    const mcp = await hand(builder.token);
    const given = { task: 'pay', to: 'agent:x', why: 'y' };
    const result = await mcp.call('task_steal', given);
    const told = await builder.client.task.steal
      .mutate({ project, ...given })
      .catch((error: { data: { andon: unknown } }) => error.data.andon);
    expect(result.isError).toBe(true);
    const { code, reasons } = told as { code: string; reasons: { next: string }[] };
    const bare = reasons.map(({ next: _next, ...reason }) => expect.objectContaining(reason));
    expect(result.structuredContent).toEqual({ error: { code, reasons: bare } });
    const codes = ['grant.tier', 'grant.action', 'grant.task'];
    expect((await mcp.reasons('task_steal', given)).map(({ code }) => code)).toEqual(codes);
    for (const word of [...codes, 'refused (3 reasons)', 'next:']) expect(textOf(result)).toContain(word);
    const denials = (await line.events()).filter(
      ({ type, actor }) => type === 'call.denied' && actor === 'agent:refused',
    );
    expect(denials).toHaveLength(1);
    expect((await mcp.reasons('task_show', { task: 'nothing' }))[0]?.code).toBe('task.missing');
    expect((await mcp.reasons('task_show', { task: 7, extra: 1 })).map(({ code }) => code)).toEqual([
      'request.invalid',
      'request.invalid',
    ]);
  });

  it('carries a task from claim to main by tools and git alone', async () => {
    const builder = await line.mint('agent:by-tools', { task: 'cart' });
    const reviewer = await line.mint('agent:judge', { tier: 'validator' });
    const mcp = await hand(builder.token);
    const claimed = await mcp.must('task_claim', { task: 'cart' });
    expect(claimed.branch).toBe('task/cart/1/work');
    const briefing = await mcp.client.readResource({ uri: 'andon://briefing' });
    expect(JSON.stringify(briefing)).toContain('HEAD:refs/heads/task/cart/1/work');
    const commit = await line.commit({ 'src/cart/add.ts': 'export const add = 1;\n' });
    await line.push(builder, claimed.branch, commit);
    const preview = await mcp.must('change_check', { task: 'cart', epoch: 1, commit });
    expect(preview).toMatchObject({ offer: 'candidate', reasons: [] });
    const { change } = await mcp.must('change_submit', { task: 'cart', epoch: 1, commit });
    const judge = await hand(reviewer.token);
    expect((await judge.must('change_diff', { change })).text).toContain('src/cart/add.ts');
    const { tree } = await judge.must('change_show', { change });
    await judge.must('gate_pass', { change, tree, gate: 'review', note: 'looked at' });
    await line.until(change, 'judging');
    await judge.must('verdict_approve', { change, tree, note: 'reads well' });
    await line.until(change, 'landed');
    expect((await mcp.must('project_status')).main).toBe(await line.main());
  });

  it('gives the stored answer to a retry with the same request id', async () => {
    const builder = await line.mint('agent:retry');
    const one = await hand(builder.token, { 'x-request-id': `retry-${engine}` });
    const first = await one.must('task_claim', { task: 'note' });
    expect(await one.must('task_claim', { task: 'note' })).toEqual(first);
  });

  it('answers a permission prompt in the form that Claude Code reads', async () => {
    const builder = await line.mint('agent:asks', { w: ['src/cart/**'] });
    const mcp = await hand(builder.token, { 'x-andon-clone': '/run/clone' });
    const ask = async (tool_name: string, input: unknown) =>
      JSON.parse(textOf(await mcp.call('permission_prompt', { tool_name, input, tool_use_id: 't1' })));
    const input = { file_path: '/run/clone/src/cart/a.ts', content: 'x' };
    expect(await ask('Write', input)).toEqual({ behavior: 'allow', updatedInput: input });
    const denied = await ask('Write', { file_path: '/run/clone/src/pay/a.ts' });
    expect(denied.behavior).toBe('deny');
    expect(denied.message).toContain('scope.write');
    expect((await ask('WebFetch', { url: 'http://x' })).behavior).toBe('deny');
    expect((await ask('Write', 'no object')).behavior).toBe('deny');
    const opened = await hand(builder.token, { 'x-andon-network': 'open' });
    const fetched = await opened.call('permission_prompt', { tool_name: 'WebFetch', input: {} });
    expect(JSON.parse(textOf(fetched)).behavior).toBe('allow');
    const behind = await hand(builder.token, {
      'x-andon-host': '10.0.0.1:80',
      'x-andon-clone': '/home/j\u00c3\u00b6rg',
    });
    for (const [tool_name, input] of [
      ['Bash', { command: 'git fetch http://10.0.0.1:80/git/shop.git main' }],
      ['Read', { file_path: '/home/j\u00f6rg/README.md' }],
    ] as const)
      expect(textOf(await behind.call('permission_prompt', { tool_name, input }))).toContain('allow');
    const push = { command: `git push ${line.url}/git/shop.git HEAD:task/cart/1/work` };
    expect((await ask('Bash', push)).behavior).toBe('allow');
  });

  it('speaks every version of the protocol that there was, and lets a newer client fall back', async () => {
    const auth = { authorization: `Bearer ${line.ownerToken()}` };
    const initialize = (protocolVersion: string) => ({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion, capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    });
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
      const body = await jsonOf(postMcp(line.url, initialize(version), auth));
      expect(body.result).toMatchObject({ protocolVersion: version });
      const ping = await postMcp(
        line.url,
        { jsonrpc: '2.0', id: 2, method: 'ping' },
        { ...auth, 'mcp-protocol-version': version },
      );
      expect(await ping.json()).toEqual({ jsonrpc: '2.0', id: 2, result: {} });
    }
    const newer = await jsonOf(postMcp(line.url, initialize('2026-07-28'), auth));
    expect(newer.result).toMatchObject({ protocolVersion: '2025-11-25' });
    // A client of the newer protocol takes 400 without one of that protocol's own error codes for "speak the older one".
    const probe = { jsonrpc: '2.0', id: 1, method: 'server/discover', params: {} };
    const probed = await postMcp(line.url, probe, { ...auth, 'mcp-protocol-version': '2026-07-28' });
    expect(probed.status).toBe(400);
    expect((await jsonOf(probed)).error).toMatchObject({
      code: -32000,
      message: expect.stringContaining('2025-11-25'),
    });
    const unmarked = await postMcp(line.url, probe, auth);
    expect((await jsonOf(unmarked)).error).toMatchObject({ code: -32601 });
  });

  it('answers as JSON or as a stream of events, as the client names them', async () => {
    const list = { jsonrpc: '2.0', id: 7, method: 'tools/list' };
    const auth = { authorization: `Bearer ${line.ownerToken()}` };
    const json = await postMcp(line.url, list, auth);
    expect(json.headers.get('content-type')).toContain('application/json');
    const stream = await postMcp(line.url, list, { ...auth, accept: 'text/event-stream, application/json' });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const [, data = ''] = /^data: (.*)$/m.exec(await stream.text()) ?? [];
    expect(JSON.parse(data)).toEqual(await json.json());
  });

  it('accepts a notification without an answer, and has no stream to listen on', async () => {
    const auth = { authorization: `Bearer ${line.ownerToken()}` };
    const told = await postMcp(line.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, auth);
    expect(told.status).toBe(202);
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(`${line.url}/mcp`, { method, headers: auth });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});
