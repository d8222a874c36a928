import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
checks:
  tests: ["**/*.test.js"]
  limits: [{ paths: ["src/old/**"], complexity: 12, functionLines: 90 }]
  exceptions:
    - { path: src/odd.js, function: pick, rule: complexity, limit: 15, until: 2999-12-31, reason: A table. }
    - { path: src/past.js, function: pick, rule: complexity, limit: 15, until: 2020-12-31, reason: A table. }
tasks:
  old: { title: Old code, phase: build, write: ["src/**"] }
`;
const lines = (count: number, text = '  x();\n'): string => text.repeat(count);
const long = (inner: string): string => `export function send() {\n${lines(80)}${inner}}\n`;
const complex = (arms: number, name = 'pick'): string =>
  `export function ${name}(a) {\n${Array.from({ length: arms }, (_, i) => `  if (a === ${i}) return ${i};\n`).join('')}}\n`;
const wide = (tail: string): string =>
  `export const data = "${'x'.repeat(6_000)}";\nexport const tail = ${tail};\n`;

let line: Line;
let builder: Hand;
let branch: string;
let pushes = 0;
beforeAll(async () => {
  const files = {
    'src/old.test.js': 'export const help = 1;\n',
    'src/long.js': long('  last();\n'),
    'src/pick.js': complex(20),
    'src/wide.js': wide('1'),
  };
  line = await openLine('pglite', { plan, files });
  builder = await line.mint('agent:b');
  branch = (await builder.client.task.claim.mutate({ project: 'shop', task: 'old' })).branch ?? '';
});
afterAll(() => line.close());

async function pushed(files: Readonly<Record<string, string>>): Promise<string> {
  const commit = await line.commit(files);
  pushes += 1;
  return line.push(builder, `${branch}-${pushes}`, commit).then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
}

it('lets a line of an old long function be mended, and a line of an old complex one', async () => {
  expect(await pushed({ 'src/long.js': long('  mended();\n') })).toBe('accepted');
  expect(await pushed({ 'src/pick.js': complex(20).replace('return 3', 'return 33') })).toBe('accepted');
  expect(await pushed({ 'src/wide.js': wide('2') })).toBe('accepted');
});

it('refuses the growth of each, with the number before', async () => {
  expect(await pushed({ 'src/long.js': long('  last();\n  more();\n') })).toMatch(
    /function\.length +src\/long\.js:1 send +84, limit 60, was 83/,
  );
  expect(await pushed({ 'src/pick.js': complex(21) })).toMatch(
    /complexity +src\/pick\.js:1 pick +22, limit 8, was 21/,
  );
  expect(await pushed({ 'src/wide.js': wide('1').replace('"x', '"xx') })).toMatch(
    /source\.size +src\/wide\.js:1 +6024 characters in a line, limit 5000 characters in a line, was 6023/,
  );
});

it('lets an old long function be split in parts within the limits, and no new function above them', async () => {
  const split = `export function send() {\n${lines(70)}  rest();\n}\nfunction rest() {\n${lines(11)}}\n`;
  expect(await pushed({ 'src/long.js': split })).toBe('accepted');
  expect(await pushed({ 'src/long.js': `${long('  last();\n')}${complex(8, 'fresh')}` })).toMatch(
    /\(1 reason\)[\s\S]*complexity +src\/long\.js:84 fresh +9, limit 8\s/,
  );
});

it('has no limit for the length of suites in test code, and one for their complexity and outside of it', async () => {
  const suite = `describe('long', () => {\n${lines(90)}});\n`;
  expect(await pushed({ 'src/new.test.js': suite })).toBe('accepted');
  expect(await pushed({ 'src/new.js': suite })).toMatch(
    /function\.length +src\/new\.js:1 <anonymous> +92, limit 60/,
  );
  const decides = `it('decides', () => {\n${'  if (a) b();\n'.repeat(8)}});\n`;
  expect(await pushed({ 'src/new.test.js': decides })).toMatch(
    /complexity +src\/new\.test\.js:1 .* 9, limit 8/,
  );
  expect(await pushed({ 'src/new.js': "import { help } from './old.test.js';\nhelp();\n" })).toMatch(
    /test\.imported +src\/new\.js:1 +src\/old\.test\.js/,
  );
});

it('holds limits by path and exceptions of the plan', async () => {
  expect(await pushed({ 'src/old/a.js': complex(11) })).toBe('accepted');
  expect(await pushed({ 'src/old/a.js': complex(12) })).toMatch(
    /complexity +src\/old\/a\.js:1 pick +13, limit 12/,
  );
  expect(await pushed({ 'src/odd.js': complex(14) })).toBe('accepted');
  expect(await pushed({ 'src/odd.js': complex(14, 'other') })).toMatch(/15, limit 8/);
  expect(await pushed({ 'src/odd.js': complex(15) })).toMatch(/16, limit 15/);
  expect(await pushed({ 'src/past.js': complex(14) })).toMatch(/15, limit 8/);
});

it('lets a narrower grant narrow what the plan says for a path', async () => {
  const narrow = await line.mint('agent:narrow', { complexity: 5 });
  const pushing = async (text: string) => {
    pushes += 1;
    const commit = await line.commit({ 'src/old/b.js': text });
    return line.push(narrow, `${branch}-${pushes}`, commit).catch((error: unknown) => String(error));
  };
  expect(await pushing(complex(8))).toMatch(/complexity +src\/old\/b\.js:1 pick +9, limit 5/);
});
