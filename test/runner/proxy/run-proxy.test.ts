import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runnerGateway } from '../../../src/cli/runner/gateway.ts';
import { createRunProxy, type RunProxy } from '../../../src/runner/proxy/run-proxy.ts';
import { git, mustGit, sourceRepository } from '../../support/gateway.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { linkTo } from '../../support/link.ts';
import { connectMcp, postMcp } from '../../support/mcp.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;

describe('the proxy of a run tells what the gateway let change', () => {
  let line: Line;
  let hand: Hand;
  let proxy: RunProxy;
  let url: string;
  let heard: { changed: boolean; path: string }[] = [];
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    hand = await line.mint('agent:one');
    proxy = createRunProxy({
      gateway: runnerGateway(linkTo(line.url, hand.token, 'shop'), 'test'),
      network: [],
      token: () => hand.token,
      isOwn: (token) => token === hand.token || token === 'earlier',
      heard: (call) => void heard.push(call),
    });
    url = `http://127.0.0.1:${await proxy.listen()}`;
  });
  afterAll(async () => {
    proxy.close();
    await line.close();
  });
  const changesOf = async (work: () => Promise<unknown>): Promise<string[]> => {
    heard = [];
    await work();
    return heard.filter(({ changed }) => changed).map(({ path }) => path);
  };

  it('by the procedure of a tool that was allowed, not by one that only looks or was refused', async () => {
    const tools = await connectMcp(url, hand.token);
    expect(await changesOf(() => tools.must('task_list'))).toEqual([]);
    expect(await changesOf(() => tools.must('task_claim', { task: 'cart' }))).toEqual(['/trpc/task.claim']);
    expect(await changesOf(() => tools.call('phase_advance', { phase: 'build', why: 'x' }))).toEqual([]);
    expect(await changesOf(() => tools.call('task_release', { task: 'cart', epoch: 9, why: 'x' }))).toEqual(
      [],
    );
    expect(heard.length).toBeGreaterThan(0);
    await tools.close();
  });

  it('though the client would rather have a stream of events', async () => {
    const call = { name: 'task_renew', arguments: { task: 'cart', epoch: 1 } };
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: call };
    const headers = { authorization: `Bearer ${hand.token}`, accept: 'text/event-stream, application/json' };
    expect(await changesOf(() => postMcp(url, message, headers))).toEqual(['/trpc/task.renew']);
  });

  it('by the report of a push, which is answered alike when it was refused', async () => {
    const source = await sourceRepository({ 'a.txt': 'a' });
    const clone = `${source}/clone`;
    const auth = { url, token: hand.token };
    await mustGit(source, ['clone', '-q', `${url}/git/shop.git`, 'clone'], auth);
    await mustGit(clone, ['commit', '-q', '--allow-empty', '-m', 'x']);
    const main = await changesOf(() => git(clone, ['push', 'origin', 'HEAD:refs/heads/main'], auth));
    expect(main).toEqual([]);
    const own = ['push', 'origin', 'HEAD:refs/heads/task/cart/1/work'];
    expect(await changesOf(() => mustGit(clone, own, auth))).toEqual(['/git/shop.git/git-receive-pack']);
  });

  it('and puts the present token in the place of an earlier one', async () => {
    const tools = await connectMcp(url, 'earlier');
    expect(await tools.must('token_explain')).toMatchObject({ agent: 'agent:one' });
    await tools.close();
    await expect(connectMcp(url, 'foreign')).rejects.toThrow();
  });
});
