import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewInMs, renewOnce, timesOf } from '../../../src/cli/token/keep-token.ts';
import { builtMain, cleanEnvironment } from '../../support/cli.ts';
import { type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;

describe('andon mcp', () => {
  let line: Line;
  let folder: string;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    folder = mkdtempSync(join(tmpdir(), 'andon-mcp-'));
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function opened(tokenFile: string, ...options: string[]): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' });
    const env = {
      ...cleanEnvironment(join(folder, 'home')),
      ANDON_URL: line.url,
      ANDON_TOKEN_FILE: tokenFile,
    };
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [builtMain(), 'mcp', ...options],
        env,
        cwd: folder,
        stderr: 'pipe',
      }),
    );
    return client;
  }
  async function fileOf(agent: string, lifeSeconds?: number): Promise<string> {
    const { token } = await line.mint(agent, {}, lifeSeconds === undefined ? {} : { lifeSeconds });
    const file = join(folder, `${agent.replace(':', '-')}.token`);
    writeFileSync(file, token, { mode: 0o600 });
    return file;
  }

  it('gives a client that starts its servers the same tools and answers', async () => {
    const client = await opened(await fileOf('agent:stdio'));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('task_claim');
    const briefed = await client.callTool({ name: 'briefing', arguments: {} });
    expect(JSON.stringify(briefed.content)).toContain('agent:stdio');
    const listed = await client.callTool({ name: 'task_list', arguments: {} });
    expect((listed.structuredContent as { items: unknown[] }).items).toHaveLength(1);
    const asked = await client.callTool({
      name: 'permission_prompt',
      arguments: { tool_name: 'Read', input: { file_path: join(folder, 'README.md') } },
    });
    expect(JSON.stringify(asked.content)).toContain('allow');
    await client.close();
  });

  it('lists the tools of the daily work, and with --tools all every one', async () => {
    const file = await fileOf('agent:lists');
    const names = async (...options: string[]) => {
      const client = await opened(file, ...options);
      const { tools } = await client.listTools();
      await client.close();
      return tools.map(({ name }) => name);
    };
    expect(await names()).not.toContain('report_list');
    expect(await names('--tools', 'all')).toContain('report_list');
  });

  it('renews the token in its file before it ends', async () => {
    const file = await fileOf('agent:long', 15);
    const first = readFileSync(file, 'utf8');
    const client = await opened(file);
    await waitUntil(() => readFileSync(file, 'utf8') !== first);
    const listed = await client.callTool({ name: 'task_list', arguments: {} });
    expect(listed.isError ?? false).toBe(false);
    await client.close();
  });

  it('does not take two that keep the same file for a thief', async () => {
    const file = await fileOf('agent:twice', 600);
    const held = readFileSync(file, 'utf8');
    const link = { url: line.url, project: 'shop', token: async () => held, fetch };
    const laterMs = Date.now() + 500_000;
    await renewOnce(link, file, laterMs);
    const second = readFileSync(file, 'utf8');
    await renewOnce(link, file, laterMs);
    expect(second).not.toBe(held);
    await line.client(readFileSync(file, 'utf8').trim()).task.list.query({ project: 'shop' });
    const types = (await line.events())
      .filter(({ actor }) => actor === 'agent:twice')
      .map(({ type }) => type);
    expect(types).toEqual(['token.renewed']);
    // Another process has just renewed the token: there is nothing to do.
    await renewOnce({ ...link, token: async () => second.trim() }, file, Date.now());
    expect(
      await line.events().then((all) => all.filter(({ actor }) => actor === 'agent:twice')),
    ).toHaveLength(1);
  });

  it('answers a call when the gateway refuses the token, in place of silence', async () => {
    const file = await fileOf('agent:ends');
    const client = await opened(file);
    writeFileSync(file, 'nonsense');
    await expect(client.callTool({ name: 'task_list', arguments: {} })).rejects.toThrow(
      /token\.malformed|Unauthorized/,
    );
    await client.close();
  });
});

describe('when a token is renewed', () => {
  it('is after two thirds of its life', () => {
    const times = { jti: 'x', iat: 1_000, exp: 1_900 };
    expect(renewInMs(times, 1_000_000)).toBe(600_000);
    expect(renewInMs(times, 1_700_000)).toBe(0);
  });

  it.each(['', 'a.b.c', 'nonsense', `x.${Buffer.from('{"exp":1}').toString('base64url')}.x`])(
    'is never for %j',
    (text) => expect(timesOf(text)).toBeUndefined(),
  );
});
