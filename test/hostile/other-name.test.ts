import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { mustGit, write } from '../support/gateway.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  impl: { title: Impl, phase: build, write: ["src/**"] }
`;
const bad = `module.exports = function impl(a) {\n${Array.from({ length: 40 }, (_, i) => `  if (a === ${i}) return ${i};\n`).join('')}};\n`;
const names = ['src/impl', 'src/impl.es', 'src/impl.txt'];
const files = Object.fromEntries(names.map((name) => [name, bad]));

let line: Line;
let builder: Hand;
const folder = mkdtempSync(join(tmpdir(), 'andon-names-'));
beforeAll(async () => {
  line = await openLine('pglite', { plan });
  builder = await line.mint('agent:b');
});
afterAll(async () => {
  await line.close();
  rmSync(folder, { recursive: true, force: true });
});

it('a push of code under another name is measured', async () => {
  const { branch } = await builder.client.task.claim.mutate({ project: 'shop', task: 'impl' });
  const commit = await line.commit(files);
  const pushed = line.push(builder, branch ?? '', commit).then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
  const said = await pushed;
  for (const name of names) expect(said).toMatch(new RegExp(`complexity +${name}:1 impl +41`));
  const data = await line.commit({
    'src/a.txt': 'A function (in prose) { is no program.\n',
    'src/a.png': '\u0000',
  });
  await line.push(builder, branch ?? '', data);
});

it('andon check says the same of files, of the index and of the work tree', async () => {
  await mustGit(folder, ['init', '-q']);
  write(folder, { 'README.md': 'x\n' });
  await mustGit(folder, ['add', '-A']);
  await mustGit(folder, ['commit', '-qm', 'x']);
  write(folder, files);
  const check = async (...args: string[]) => {
    const { stdout } = await cli(['check', '--json', ...args], { cwd: folder });
    const { reasons } = JSON.parse(stdout) as { reasons: { code: string; subject: string }[] };
    return reasons.map(({ code, subject }) => `${code} ${subject}`);
  };
  const expected = names.map((name) => `complexity ${name}:1 impl`);
  expect(await check('src')).toEqual(expected);
  expect(await check('--changed')).toEqual(expected);
  await mustGit(folder, ['add', '-A']);
  expect(await check('--staged')).toEqual(expected);
});
