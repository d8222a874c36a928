import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { sourceRepository } from '../support/gateway.ts';
import { planHead } from '../support/plan-head.ts';
import { runProgram } from '../support/program.ts';
import { waitUntil } from '../support/wait.ts';

const passed = ['http_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'];
const work = [
  'echo "export const n = 1;" > src/n.ts',
  'git add -A && git commit -qm work && git push -q && andon change submit --json',
  `printf '{"version":1,"run":"%s","epoch":%s,"result":"shipped","summary":"done"}' "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"`,
].join(' && ');
const plan = `${planHead()}
agents:
  builder: { tier: implementer, adapter: command, retries: 0, pass: [${passed.join(', ')}], run: ${JSON.stringify(work)} }
tasks:
  one: { title: One, phase: build, write: ["src/n.ts"] }
`;

describe('a proxy in the surroundings that refuses everything', () => {
  let folder: string;
  let shop: string;
  let proxy: Server;
  let asked = 0;
  let env: Record<string, string>;
  let gateway: Up;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-proxy-'));
    shop = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
    writeFileSync(join(shop, 'andon.yaml'), plan);
    proxy = createServer((socket) => {
      asked += 1;
      socket.destroy();
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    env = {
      ...cleanEnvironment(join(folder, 'home')),
      ...Object.fromEntries(passed.map((name) => [name, address])),
      NODE_USE_ENV_PROXY: '1',
      GIT_CONFIG_PARAMETERS: `'http.proxy=${address}'`,
      GIT_PROXY_COMMAND: '/bin/false',
      GIT_HTTP_PROXY_AUTHMETHOD: 'basic',
    };
    // Without the settings of Andon, git does ask the proxy here: the test would see it.
    const { code } = await runProgram('git', ['ls-remote', 'http://127.0.0.1:1/x.git'], { cwd: folder, env });
    expect([code === 0, asked > 0]).toEqual([false, true]);
    asked = 0;
    gateway = await up({ cwd: shop, env });
  });
  afterAll(async () => {
    await gateway?.end();
    proxy?.close();
    for (const one of [folder, shop]) rmSync(one, { recursive: true, force: true });
  });

  it('is not asked by the command line, nor by the git that it starts', async () => {
    const here = { cwd: shop, env };
    expect((await cli(['status'], here)).exit).toBe(0);
    const { exit, stdout } = await cli(['doctor', '--json'], here);
    expect(stdout).not.toContain('gateway.unreachable');
    expect([0, 1]).toContain(exit);
    const cloned = await cli(['git', 'clone', '-q', gateway.ready.git, join(folder, 'clone')], here);
    expect([cloned.exit, cloned.stderr]).toEqual([0, '']);
    expect(asked).toBe(0);
  });

  it('is not asked by a shell that joined', async () => {
    const minted = join(folder, 'token');
    await answer(['token', 'mint', '--agent', 'agent:hand', '--profile', 'builder', '--out', minted], {
      cwd: shop,
      env,
    });
    const joined = await cli(['join', '--client', 'generic', '--token-file', minted], { cwd: shop, env });
    const script = `${joined.stdout
      .split('\n')
      .filter((one) => one.startsWith('export '))
      .join('\n')}\ngit ls-remote ${gateway.ready.git} main\n`;
    const { code, out } = await runProgram('sh', ['-c', script], { cwd: folder, env });
    expect([code, out.includes('refs/heads/main')]).toEqual([0, true]);
    expect(asked).toBe(0);
  });

  it('is not asked by a runner, nor by its run, even when the profile passes it on', async () => {
    const here = { cwd: shop, env };
    const { run } = await answer<{ run: string }>(['agent', 'spawn', 'builder', '--task', 'one'], here);
    let last: unknown;
    await waitUntil(async () => {
      last = await answer(['run', 'show', run], here);
      return (last as { state: string }).state === 'ended';
    });
    expect(last).toMatchObject({ outcome: 'shipped' });
    expect(asked).toBe(0);
  });
});
