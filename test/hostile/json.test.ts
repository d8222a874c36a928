import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRouter } from '../../src/gateway/router.ts';
import { enginesOf } from '../support/engines.ts';
import { type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('JSON that means no good, on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(async () => {
    expect((await line.owner.task.list.query({ project })).length).toBe(1);
    expect((await line.owner.audit.verify.query({ project: '*' })).fault).toBeNull();
    await line.close();
  });

  const headers = () => ({
    authorization: `Bearer ${line.ownerToken()}`,
    'content-type': 'application/json',
  });
  const post = (path: string, body: string) =>
    fetch(`${line.url}/trpc/${path}`, { method: 'POST', headers: headers(), body });
  async function answer(response: Response): Promise<string> {
    const body = (await response.json()) as unknown;
    const one = (Array.isArray(body) ? body[0] : body) as { error?: { data?: { andon?: { code: string } } } };
    return `${response.status} ${one.error?.data?.andon?.code ?? 'fine'}`;
  }
  const wrapped = (value: string) => `{"project":"shop","task":"cart","question":${value}}`;

  const hostile: [string, string, string][] = [
    ['100,000 brackets', wrapped('['.repeat(100_000) + ']'.repeat(100_000)), '400 request.depth'],
    ['100,000 braces', wrapped(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), '400 request.depth'],
    ['brackets that never close', wrapped('['.repeat(100_000)), '400 request.depth'],
    [
      'brackets behind an escaped quote',
      wrapped(`"\\"", "x":${'['.repeat(100)}${']'.repeat(100)}`),
      '400 request.depth',
    ],
    [
      'a member __proto__',
      '{"project":"shop","task":"cart","question":"x","__proto__":{"admin":true}}',
      '400 request.invalid',
    ],
    [
      'a member __proto__ in escapes',
      '{"project":"shop","task":"cart","question":"x","\\u005f_proto__":{}}',
      '400 request.invalid',
    ],
    [
      'an unknown member',
      '{"project":"shop","task":"cart","question":"x","constructor":1}',
      '400 request.invalid',
    ],
    ['NUL', wrapped('"a\\u0000b"'), '400 request.invalid'],
    ['half a surrogate pair', wrapped('"\\ud800"'), '400 request.invalid'],
    ['the other half', wrapped('"\\udc00x"'), '400 request.invalid'],
    ['an escape sequence for the terminal', wrapped('"\\u001b[2J"'), '400 request.invalid'],
    ['no JSON', '{"project":', '400 request.invalid'],
    ['two values', '{} {}', '400 request.invalid'],
    ['an array for an object', '[1]', '400 request.invalid'],
    ['null', 'null', '400 request.invalid'],
    ['nothing', '', '400 request.invalid'],
    ['a huge number', '{"project":"shop","task":"cart","question":1e999}', '400 request.invalid'],
    [
      'invalid UTF-8 marks in a name',
      '{"project":"shop\\ufffd","task":"cart","question":"x"}',
      '400 request.invalid',
    ],
  ];

  it.each(hostile)('is refused: %s', async (_name, body, expected) => {
    const before = (await line.events()).length;
    expect(await answer(await post('task.ask', body))).toBe(expected);
    expect((await line.events()).length).toBe(before);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each(hostile.filter(([name]) => !['no JSON', 'two values'].includes(name)))(
    'is refused in a batch: %s',
    async (_name, body) => {
      const before = (await line.events()).length;
      const said = await answer(await post('task.ask?batch=1', `{"0":${body === '' ? '{}' : body}}`));
      expect(said).toMatch(/^4\d\d (request\.(invalid|depth)|fine)$/);
      expect((await line.events()).length).toBe(before);
    },
  );

  it('refuses NUL, half pairs and control bytes in every text of every procedure', async () => {
    const procedures = Object.entries(
      createRouter(line.app.gateway)._def.procedures as unknown as Record<string, { _def: { type: string } }>,
    );
    const texts = ['a\u0000b', '\ud800', '\u001b[31m', '\u0007'];
    const members = [
      'project',
      'task',
      'agent',
      'why',
      'question',
      'answer',
      'text',
      'title',
      'body',
      'note',
      'artefact',
      'value',
      'phase',
      'change',
      'gate',
      'tree',
      'to',
      'source',
      'branch',
      'upstream',
      'commit',
      'profile',
      'reasons',
    ];
    const usual: Record<string, unknown> = {
      project,
      task: 'cart',
      agent: 'agent:x',
      why: 'x',
      question: 'x',
      answer: 'x',
      text: plan,
      title: 'x',
      body: 'x',
      kind: 'report',
      value: 'x',
      phase: 'build',
      change: 'chg_00000000',
      gate: 'g',
      tree: 'f'.repeat(40),
      to: 'agent:x',
      commit: 'f'.repeat(40),
      epoch: 1,
      reasons: ['x'],
    };
    for (const [
      path,
      {
        _def: { type },
      },
    ] of procedures) {
      if (type === 'subscription') continue;
      for (const member of members)
        for (const bad of texts) {
          const input = {
            ...usual,
            kind: path === 'token.revoke' ? 'grant' : 'report',
            [member]: member === 'reasons' ? [bad] : bad,
          };
          // Only members that the procedure takes are sent, so that the refusal is about the text.
          const known = await membersOf(line, path, Object.keys(input));
          if (!known.includes(member)) continue;
          const sent = JSON.stringify(
            Object.fromEntries(Object.entries(input).filter(([key]) => known.includes(key))),
          );
          const response =
            type === 'query'
              ? await fetch(`${line.url}/trpc/${path}?input=${encodeURIComponent(sent)}`, {
                  headers: headers(),
                })
              : await post(path, sent);
          expect([400, 404], `${path} ${member} ${response.status}`).toContain(response.status);
        }
    }
  });
});

/** The members among these that the input of a procedure takes. */
async function membersOf(line: Line, path: string, members: readonly string[]): Promise<readonly string[]> {
  const { directProcedures } = await import('../../src/gateway/admission/procedure.ts');
  const procedure = directProcedures(createRouterOnce(line)).get(path);
  const parsed = procedure?.input.safeParse(Object.fromEntries(members.map((member) => [member, undefined])));
  const unknown =
    parsed?.error?.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])) ?? [];
  return members.filter((member) => !unknown.includes(member));
}

const routers = new WeakMap<Line, ReturnType<typeof createRouter>>();
function createRouterOnce(line: Line): ReturnType<typeof createRouter> {
  const router = routers.get(line) ?? createRouter(line.app.gateway);
  routers.set(line, router);
  return router;
}
