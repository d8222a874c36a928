import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { checkSources, judgeSources } from '../../src/analysis/check-sources.ts';
import { codeRules, plainRules } from '../../src/policies/code-rules.ts';

const deadlineMs = 3_000;
const analyser = createAnalyser({ processesMax: 1, deadlineMs });
const rules = plainRules({ complexity: 2, lines: 60 });
afterAll(() => analyser.close());

const languages = [
  {
    language: 'Python',
    path: 'a.py',
    bad: 'def bad(a):\n    if a and b and c:\n        pass\n',
    call: (text: string) => `x = ${text}\n`,
    comment: '#',
    unended: 'def f(:\n    pass\n',
  },
  {
    language: 'Go',
    path: 'a.go',
    bad: 'package p\nfunc bad() {\n\tif a && b && c {\n\t}\n}\n',
    call: (text: string) => `package p\nvar x = ${text}\n`,
    comment: '//',
    unended: 'package p\nfunc f() {\n',
  },
  {
    language: 'Rust',
    path: 'a.rs',
    bad: 'fn bad() {\n  if a && b && c { }\n}\n',
    call: (text: string) => `static X: i32 = ${text};\n`,
    comment: '//',
    unended: 'fn f() {\n',
  },
  {
    language: 'Java',
    path: 'A.java',
    bad: 'class A { void bad() {\n  if (a && b && c) { }\n} }\n',
    call: (text: string) => `class A { int x = ${text}; }\n`,
    comment: '//',
    unended: 'class A { void f() {\n',
  },
  {
    language: 'C',
    path: 'a.c',
    bad: 'int bad(void) {\n  if (a && b && c) { }\n}\n',
    call: (text: string) => `int f(void) { return ${text}; }\n`,
    comment: '//',
    unended: 'int f(void) {\n',
  },
] as const;

const broken = (text: string): string => text.replace(/.{4000}/g, '$&\n');
const many = (text: string, count: number): string => text.repeat(count);

describe.each(languages)('hostile $language', ({ path, bad, call, comment, unended }) => {
  const found = async (content: string | Uint8Array): Promise<string[]> =>
    (await checkSources(analyser, [{ path, after: content }], rules)).map(
      ({ code, at, found: value }) => `${code} ${at.unit ?? ''} ${value}`,
    );
  // The first file of a language compiles its parser.
  beforeAll(() => found(bad));

  it('is counted', async () => {
    expect(await found(bad)).toEqual([expect.stringMatching(/^complexity (A\.)?bad 4$/)]);
  });

  it.each([
    ['CRLF', bad.replaceAll('\n', '\r\n')],
    ['a BOM', `\ufeff${bad}`],
    ['a mark of generated code', `${comment} GENERATED CODE - DO NOT EDIT\n${comment} @generated\n${bad}`],
    [
      'comments that switch linters off',
      bad.replace('\n', `\n${comment} noqa NOLINT #lizard forgives nolint:all\n`),
    ],
  ])('is counted with %s', async (_name, text) => {
    expect(await found(text)).toEqual([expect.stringMatching(/^complexity (A\.)?bad 4$/)]);
  });

  it('bytes that are no UTF-8, UTF-16 and NUL are refused', async () => {
    expect(await found(Buffer.concat([Buffer.from(bad), Buffer.from([0xff, 0xfe])]))).toEqual([
      expect.stringContaining('source.unreadable'),
    ]);
    expect((await found(Buffer.from(`\ufeff${bad}`, 'utf16le')))[0]).toMatch(/^source\.(unreadable|syntax)/);
    expect(await found(`${bad}\u0000`)).toEqual(['source.syntax  a NUL byte']);
  });

  it('text of another language, and a function without an end, are refused', async () => {
    expect((await found(unended))[0]).toMatch(/^source\.syntax/);
  });

  it('20,000 nested brackets, a line of 10 MB and many opened quotes end in an answer within the deadline', async () => {
    const texts = [
      call(broken(`${many('(', 20_000)}1${many(')', 20_000)}`)),
      call(broken(many('(', 200_000))),
      call(broken(many('[{(<', 20_000))),
      broken(many('"\'`', 60_000)),
      broken(many('/*', 200_000)),
      broken(many('R"a(', 20_000)),
      broken(many('if else ', 50_000)),
      broken(many('\\\n', 100_000)),
    ];
    for (const text of texts) {
      const begun = performance.now();
      const reasons = await found(text);
      expect(performance.now() - begun).toBeLessThan(2 * deadlineMs + 2_000);
      expect(
        reasons.every((one) => /^source\.(syntax|size|timeout|crash)|^complexity|^function/.test(one)),
      ).toBe(true);
    }
    expect(await found(many('x', 10_000_000))).toEqual(['source.size  10000000 bytes']);
    expect(await found(bad)).toHaveLength(1);
  });
});

it('bombs of every language, two at a time, leave the loop of the gateway alone', async () => {
  const bombed = createAnalyser({ deadlineMs: 1_500 });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const bombs = languages.map(({ path, call }, at) => ({
    path: `${at}${path}`,
    after: call(broken(many('[{(<', 20_000))),
  }));
  const asked = bombs.map((bomb) => bombed.measure([{ path: bomb.path, content: bomb.after }]));
  const spin = bombed.measure([{ path: 'a.js', content: `x = ${many('async(a=', 23)}` }]);
  const answers = await Promise.all([...asked, spin]);
  delay.disable();
  bombed.close();
  expect(answers.flat().every((one) => 'refusal' in one)).toBe(true);
  console.log(`longest turn of the loop beside the bombs: ${(delay.max / 1e6).toFixed(1)} ms`);
  expect(delay.max / 1e6).toBeLessThan(500);
});

it('code in a language without an adapter is named, or refused where the plan says so', async () => {
  const changes = [
    { path: 'lib/a.rb', after: 'def a; end\n' },
    { path: 'bin/run', after: '#!/usr/bin/env -S bash -e\necho a\n' },
    { path: 'README.md', after: '# a\n' },
    { path: 'a.json', after: '{}' },
  ];
  const named = await judgeSources(analyser, changes, rules);
  expect(named).toEqual({
    reasons: [],
    unmeasured: [
      { path: 'lib/a.rb', language: 'Ruby' },
      { path: 'bin/run', language: 'shell' },
    ],
  });
  const settings = {
    unmeasured: 'refuse',
    exceptions: [{ path: 'bin/**', rule: 'source.unmeasured', until: '2030-01-01', reason: 'r' }],
  } as const;
  const strict = codeRules({ base: { complexity: 2, lines: 60 }, settings, nowMs: Date.parse('2026-12-01') });
  const refused = await judgeSources(analyser, changes, strict);
  expect(refused.unmeasured).toEqual([]);
  expect(refused.reasons.map(({ code, subject, found }) => `${code} ${subject} ${found}`)).toEqual([
    'source.unmeasured lib/a.rb Ruby',
  ]);
});

it('a script is measured in the language that its first line starts', async () => {
  const after = '#!/usr/bin/env python3\ndef bad(a):\n    if a and b and c:\n        pass\n';
  const [reason] = await checkSources(analyser, [{ path: 'bin/tool', after }], rules);
  expect(reason?.subject).toBe('bin/tool:2 bad');
});

it('a program of JavaScript in a file of another language is measured or refused, never let through', async () => {
  const bad = 'function bad() { return a && b && c; }\n';
  for (const path of ['a.rb', 'a.sh', 'a.vue', 'a.py', 'a.go', 'a.rs', 'A.java'])
    expect((await checkSources(analyser, [{ path, after: bad }], rules)).length, path).toBe(1);
});

it('old code of a language is held against what it was', async () => {
  const text = (arms: number, body = 'pass') =>
    Buffer.from(`class A:\n    def m(self):\n${`        if a:\n            ${body}\n`.repeat(arms)}`);
  const change = (before: Buffer, after: Buffer) =>
    checkSources(analyser, [{ path: 'a.py', before, after }], rules);
  expect(await change(text(5), text(5, 'b()'))).toEqual([]);
  expect(await change(text(5), text(6))).toMatchObject([
    { code: 'complexity', subject: 'a.py:2 A.m', found: 7, limit: 2, before: 6 },
  ]);
});
