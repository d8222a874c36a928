import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { sourceRepository, startTestGateway } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

describe('an exported log, verified offline', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-export-'));
  const keys = join(folder, 'keys.json');
  let lines: string[];

  beforeAll(async () => {
    const gateway = await startTestGateway('pglite');
    const source = await sourceRepository({ 'README.md': '# shop\n' });
    await gateway.owner.project.create.mutate({ project: 'shop', source });
    const signed = () => gateway.owner.audit.checkpoints.query({ project: '*', after: 0, limit: 10 });
    await waitUntil(async () => (await signed()).length > 0);
    const env = { ANDON_URL: gateway.url, ANDON_TOKEN: gateway.ownerToken(), ANDON_PROJECT: 'shop' };
    const log = join(folder, 'log.jsonl');
    expect((await cli(['event', 'export', '--out', log], { env })).exit).toBe(0);
    writeFileSync(keys, (await cli(['token', 'keys', '--json'], { env })).stdout);
    lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    await gateway.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const verify = async (changed: readonly string[], ...args: string[]) => {
    const file = join(folder, 'changed.jsonl');
    writeFileSync(file, `${changed.join('\n')}\n`);
    return cli(['audit', 'verify', '--file', file, ...args, '--json']);
  };

  it('is good as it was exported, signatures included', async () => {
    const { exit, stdout } = await verify(lines, '--jwks', keys);
    expect([exit, JSON.parse(stdout)]).toMatchObject([0, { ok: true, signatures: true }]);
  });

  it('a line with another actor is found', async () => {
    const forged = lines.map((line, at) => (at === 1 ? line.replace('human:owner', 'human:other') : line));
    expect(forged).not.toEqual(lines);
    expect((await verify(forged)).exit).toBe(1);
  });

  it('a line that was left out is found', async () => {
    expect((await verify(lines.slice(1))).exit).toBe(1);
  });

  it('an end that was cut off is found by the checkpoint behind it', async () => {
    const parsed = lines.map((line) => JSON.parse(line) as { kind: string; position: number });
    const end = parsed.findLast(({ kind }) => kind === 'checkpoint')?.position ?? 0;
    expect(end).toBeGreaterThan(0);
    const cut = lines.filter((_, at) => parsed[at]?.kind !== 'event' || (parsed[at]?.position ?? 0) < end);
    expect((await verify(cut)).exit).toBe(1);
  });

  it('a signature of somebody else is found', async () => {
    const swapped = lines.map((line) =>
      line.includes('"kind":"checkpoint"')
        ? line.replace(/"signature":"(.{40}).{4}/, '"signature":"$1AAAA')
        : line,
    );
    expect((await verify(swapped)).exit).toBe(0);
    expect((await verify(swapped, '--jwks', keys)).exit).toBe(1);
  });
});
