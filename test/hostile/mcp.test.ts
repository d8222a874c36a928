import { request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/lib/limits.ts';
import { type Line, openLine, passTime } from '../support/line.ts';
import { connectMcp, jsonOf, postMcp } from '../support/mcp.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';
const call = (name: string, given: unknown = {}, id: number | string = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: given },
});

describe('a client of /mcp that means no good', () => {
  let line: Line;
  const auth = (token = line.ownerToken()) => ({ authorization: `Bearer ${token}` });
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    await line.owner.project.create.mutate({ project: 'other' });
  });
  afterAll(async () => {
    expect((await fetch(`${line.url}/livez`)).status).toBe(200);
    expect((await line.owner.task.list.query({ project })).length).toBe(1);
    await line.close();
  });
  const andonCode = (body: { error?: { data?: unknown } }) =>
    (body.error?.data as { andon?: { code?: string } } | undefined)?.andon?.code;

  it.each([
    ['no token', undefined, 'token.missing', 'Bearer realm="andon"'],
    ['an empty one', 'Bearer ', 'token.missing', 'Bearer realm="andon"'],
    [
      'garbage',
      'Bearer garbage',
      'token.malformed',
      'Bearer realm="andon", error="invalid_token", error_description="token.malformed"',
    ],
  ])('is told to bring a token when it comes with %s', async (_name, authorization, code, challenge) => {
    for (const method of ['tools/list', 'initialize', 'notifications/initialized']) {
      const response = await postMcp(
        line.url,
        { jsonrpc: '2.0', id: 1, method },
        authorization === undefined ? {} : { authorization },
      );
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, challenge]);
      expect(andonCode(await jsonOf(response))).toBe(code);
    }
    const get = await fetch(
      `${line.url}/mcp`,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    expect(get.status).toBe(401);
  });

  it('is thrown out in the middle of a session when its grant is revoked, and what it tries is written down', async () => {
    const agent = await line.mint('agent:gone');
    const mcp = await connectMcp(line.url, agent.token);
    await mcp.must('task_list');
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: agent.grant, why: 'x' });
    // The lock makes the refusal immediate, even when memory does not know yet.
    const first = await mcp.call('task_claim').then(
      (result) => result.isError,
      () => true,
    );
    expect(first).toBe(true);
    await waitUntil(
      async () => (await postMcp(line.url, call('task_list'), auth(agent.token))).status === 401,
    );
    for (const body of [
      call('task_claim'),
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      [call('task_renew', { task: 'cart', epoch: 1 })],
    ]) {
      const response = await postMcp(line.url, body, auth(agent.token));
      expect([response.status, andonCode(await jsonOf(response))]).toEqual([401, 'token.revoked']);
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
    const tried = (await line.events()).filter(
      ({ type, actor }) => type === 'call.denied' && actor === 'agent:gone',
    );
    expect(tried.map(({ data }) => data.reasons[0].code)).toEqual(['token.revoked', 'token.revoked']);
    await mcp.close();
  });

  it('cannot use a token that has expired', async () => {
    const late = await line.mint('agent:late', {}, { lifeSeconds: 5 });
    await passTime(10_000, line);
    const response = await postMcp(line.url, call('task_list'), auth(late.token));
    expect([response.status, andonCode(await jsonOf(response))]).toEqual([401, 'token.expired']);
  });

  it.each([
    ['Origin', { origin: 'https://evil.example' }],
    ['Origin', { origin: 'null' }],
    ['Host', { host: 'evil.example' }],
  ])('is refused with a foreign %s, token or not (%j)', async (_name, headers) => {
    const status = await new Promise<number>((resolve, reject) => {
      const req = request(
        `${line.url}/mcp`,
        { method: 'POST', headers: { ...auth(), ...headers } },
        (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        },
      );
      req.on('error', reject).end('{}');
    });
    expect(status).toBe(403);
  });

  it('answers a batch call by call, and none that is too long', async () => {
    const batch = [call('task_list', { project }, 1), call('task_show', { project, task: 'nothing' }, 2)];
    const answers = (await (await postMcp(line.url, batch, auth())).json()) as {
      id: number;
      result: { isError?: boolean };
    }[];
    expect(answers.map(({ id, result }) => [id, result.isError === true])).toEqual([
      [1, false],
      [2, true],
    ]);
    const long = Array.from({ length: limits.batchCallsMax + 1 }, (_, id) =>
      call('task_list', { project }, id),
    );
    const refused = await postMcp(line.url, long, auth());
    expect([refused.status, andonCode(await jsonOf(refused))]).toEqual([400, 'request.batch']);
    const empty = await postMcp(line.url, [], auth());
    expect(empty.status).toBeLessThan(500);
  });

  it('is cut off at a megabyte, at a nesting of 64, and at a member __proto__', async () => {
    const answerTo = async (body: string): Promise<[number, string | undefined]> => {
      const response = await postMcp(line.url, body, auth());
      return [response.status, andonCode(await jsonOf(response))];
    };
    const large = JSON.stringify(call('report_write', { body: 'x'.repeat(limits.bodyBytesMax) }));
    expect(await answerTo(large)).toEqual([413, 'request.size']);
    expect(await answerTo(`${'['.repeat(100_000)}`)).toEqual([400, 'request.depth']);
    expect(
      await answerTo(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"task_list","arguments":{"__proto__":{"project":"shop"}}}}',
      ),
    ).toEqual([400, 'request.invalid']);
    expect(await answerTo('no JSON')).toEqual([400, 'request.invalid']);
    expect(({} as { project?: string }).project).toBeUndefined();
  });

  it.each([
    ['', -32700],
    ['null', -32700],
    ['7', -32700],
    ['{}', -32700],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32700],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32700],
    ['{"jsonrpc":"2.0","id":1,"method":"no/such"}', -32601],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call"}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"no_such_tool"}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"constructor"}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"event_stream"}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"token_renew"}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///etc/passwd"}}', -32002],
  ])('gets an error for %s', async (body, code) => {
    const response = await postMcp(line.url, body, auth());
    expect(response.status).toBeLessThan(500);
    expect((await jsonOf(response)).error?.code).toBe(code);
  });

  it.each(['1999-01-01', '2099-01-01', '2026-07-28', '../../etc', 'x'.repeat(5000)])(
    'is told the versions that exist when it claims to speak %s',
    async (version) => {
      const response = await postMcp(line.url, call('task_list'), {
        ...auth(),
        'mcp-protocol-version': version,
      });
      expect(response.status).toBe(400);
      expect((await jsonOf(response)).error?.message).toContain('2025-11-25');
    },
  );

  it('cannot reach another project, by name or by *', async () => {
    const agent = await line.mint('agent:nosy');
    const mcp = await connectMcp(line.url, agent.token);
    for (const other of ['other', '*', 'nowhere'])
      expect((await mcp.reasons('task_list', { project: other })).map(({ code }) => code)).toEqual([
        'grant.project',
      ]);
    for (const other of [null, '', 7, ['shop']])
      expect((await mcp.reasons('task_list', { project: other }))[0]?.code).toBe('request.invalid');
    await mcp.close();
  });

  it('cannot call what it is not shown', async () => {
    const agent = await line.mint('agent:curious');
    const mcp = await connectMcp(line.url, agent.token);
    const codes = (await mcp.reasons('token_mint', { agent: 'agent:more' })).map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['grant.tier', 'grant.action']));
    await mcp.close();
  });

  it('is shown no token, and no cause of a defect', async () => {
    const agent = await line.mint('agent:reads');
    const mcp = await connectMcp(line.url, agent.token);
    for (const name of ['token_explain', 'task_list', 'plan_show'])
      expect(JSON.stringify(await mcp.call(name))).not.toContain(agent.token.slice(-40));
    await mcp.close();
  });

  it('leaves nothing behind after 200 sessions', async () => {
    const agents = await Promise.all(Array.from({ length: 20 }, (_, n) => line.mint(`agent:many-${n}`)));
    const session = async (token: string) => {
      const mcp = await connectMcp(line.url, token);
      for (let n = 0; n < 3; n++) await mcp.must('task_list');
      await mcp.close();
    };
    const round = () => Promise.all(agents.map(({ token }) => session(token)));
    await round();
    const before = heapMb();
    for (let n = 0; n < 10; n++) await round();
    expect(heapMb() - before).toBeLessThan(10);
  });
});

/** Heap in use after a full collection. */
function heapMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
