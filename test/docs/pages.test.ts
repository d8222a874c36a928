import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { type Block, blocksOf, deadLinks, docsPages, root, textOf } from '../support/markdown.ts';
import { planHead } from '../support/plan-head.ts';
import { type Example, examplesOf, walk } from '../support/walk.ts';

const exec = promisify(execFile);
const linesMax = 250;
const readme = textOf('README.md');
const nouns = docsPages.filter((page) => page !== 'docs/figures.md');

/**
 * The plans that a block is or belongs to: triggers stand in a plan that has the tasks and profiles that they
 * name.
 */
function planOf({ language, text }: Block): string[] {
  if (language !== 'yaml') return [];
  if (text.startsWith('version:')) return [text];
  return text.startsWith('triggers:') ? [`${planAround}${text}`] : [];
}

const planAround = `${planHead()}
gates: { tests: { run: npm test } }
agents:
  builder: { tier: implementer, adapter: command, run: "true" }
  emergency: { tier: implementer, adapter: command, run: "true" }
  reviewer: { tier: validator, adapter: command, run: "true" }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"], deadline: 2030-01-31T12:00:00Z }
`;

describe('the pages', () => {
  it(`begin with a README of at most ${linesMax} lines`, () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(linesMax);
  });

  it('are each linked from the README', () => {
    expect(docsPages.length).toBeGreaterThan(12);
    expect(docsPages.filter((page) => !readme.includes(`](${page})`))).toEqual([]);
  });

  it('link to what is there', () => {
    const others = readdirSync(root).filter((name) => name.endsWith('.md'));
    expect([...others, ...docsPages].flatMap(deadLinks)).toEqual([]);
  });

  it('have an example each that runs, and expects something of it', () => {
    const without = nouns.filter(
      (page) => !examplesOf(textOf(page)).some(({ expected }) => expected.length > 0),
    );
    expect(without).toEqual([]);
  });

  it('hold plans that are valid', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-plans-'));
    const plans = ['README.md', ...docsPages].flatMap((page) => blocksOf(textOf(page)).flatMap(planOf));
    expect(plans.length).toBeGreaterThan(2);
    for (const text of plans) {
      writeFileSync(join(folder, 'andon.yaml'), text);
      const { exit, stderr } = await cli(['plan', 'check'], { cwd: folder });
      expect(exit, `${stderr}\n${text}`).toBe(0);
    }
    rmSync(folder, { recursive: true, force: true });
  });
});

/**
 * True for a page that starts a gateway itself and walks alone; all others share one, each with a separate
 * project.
 */
const startsOwn = (examples: readonly Example[]): boolean =>
  examples.some(({ steps }) => steps.some(({ command }) => command.startsWith('andon up')));

describe('the examples of the pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-pages-'));
  const home = join(folder, 'home');
  const env = cleanEnvironment(home);
  let gateway: Up;
  let plan: string;
  let token: string;
  let key: string;

  beforeAll(async () => {
    const first = await repository('first');
    await cli(['init'], { cwd: first, env });
    plan = readFileSync(join(first, 'andon.yaml'), 'utf8');
    gateway = await up({ cwd: first, env }, '--no-runner');
    token = readFileSync(gateway.ready.tokenFile, 'utf8').trim();
    key = JSON.parse(readFileSync(join(first, '.andon/gateway.json'), 'utf8')).key;
  });
  afterAll(async () => {
    await gateway?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function repository(name: string): Promise<string> {
    const path = join(folder, name);
    mkdirSync(path);
    writeFileSync(join(path, 'README.md'), '# Shop\n');
    for (const args of [
      ['init', '-q', '-b', 'main'],
      ['add', '-A'],
      ['commit', '-q', '-m', 'first'],
    ])
      await exec('git', args, { cwd: path, env });
    return path;
  }

  async function call(procedure: string, input: Readonly<Record<string, string>>): Promise<void> {
    const answer = await fetch(`${gateway.ready.url}/trpc/${procedure}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    if (!answer.ok) throw new Error(`${procedure}: ${await answer.text()}`);
  }

  /** A project of the shared gateway, as `andon init` and `andon up` leave one. */
  async function projectOf(name: string, cwd: string): Promise<Record<string, string>> {
    const text = plan.replace('project: first', `project: ${name}`);
    writeFileSync(join(cwd, 'andon.yaml'), text);
    await call('project.create', { project: name, source: cwd });
    await call('plan.put', { project: name, text });
    const { url, tokenFile } = gateway.ready;
    return { ANDON_URL: url, ANDON_GATEWAY_KEY: key, ANDON_TOKEN_FILE: tokenFile, ANDON_PROJECT: name };
  }

  it.concurrent.each(nouns)('%s', async (page) => {
    const name = basename(page, '.md');
    const examples = examplesOf(textOf(page));
    const cwd = await repository(name);
    const own = startsOwn(examples);
    const at = own
      ? { cwd, home: join(folder, `home-${name}`) }
      : { cwd, home, env: await projectOf(name, cwd) };
    const { exit, told, missing } = await walk(examples, at);
    const isRight = exit === 0 && missing.length === 0;
    expect({ exit, missing, told: isRight ? '' : told.slice(-2000) }).toEqual({
      exit: 0,
      missing: [],
      told: '',
    });
  });
});
