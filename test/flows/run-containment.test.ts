import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'cell';
const isRoot = process.getuid?.() === 0;
const verdict = `printf '{"version":1,"run":"%s","result":"no_progress","summary":"x"}' "$ANDON_RUN" > "$ANDON_VERDICT"`;

const agents: Record<string, string> = {
  looker:
    'id -u; stat -c "%a %u" "$ANDON_TOKEN_FILE"; for f in "$ANDON_TOKEN_FILE" "$ANDON_INBOX" "$ANDON_TASK_FILE"; do cat "$f" >/dev/null && echo read; ( : >> "$f" ) 2>/dev/null && echo WROTE; mv "$f" "$f.moved" 2>/dev/null && echo MOVED; done; ( : > "$HOME/../planted" ) 2>/dev/null && echo PLANTED; cat /etc/shadow 2>/dev/null | head -1; ( exec 3>>/proc/sys/kernel/hostname ) 2>/dev/null && echo OPENED; grep -E "^(CapEff|CapPrm)" /proc/self/status; andon --version; ' +
    verdict,
  many: 'for n in $(seq 60); do sleep 25 & done; wait',
  fat: 'node -e "globalThis.a = Buffer.alloc(400e6, 1); setTimeout(() => undefined, 60000)"',
  hoarder: 'for n in 1 2 3 4; do head -c 30000000 /dev/zero > "$HOME/$n"; done; sleep 60',
  sticky: `mkdir -p "$HOME/go/mod/x" && touch "$HOME/go/mod/x/y" && chmod -R a-w "$HOME/go" && mkdir z && chmod 0 z; ${verdict}`,
  worker: `set -e; npm --version; echo "{\\"name\\":\\"x\\",\\"version\\":\\"1.0.0\\"}" > package.json; npm install --offline --no-audit --no-fund >/dev/null; echo "require('node:test')('works', () => undefined)" > a.test.js; node --test 2>&1 | grep -E "^# pass"; git add -A; git commit -qm one; git log --oneline | head -1; ${verdict}`,
};

const plan = [
  'version: 1',
  `project: ${project}`,
  'done: landed',
  'phases: [build]',
  'limits: { machine: { processes: 40, memory: 250MB, disk: 80MB } }',
  'agents:',
  ...Object.entries(agents).map(
    ([name, run]) =>
      `  ${name}: { tier: executive, adapter: command, retries: 0, run: ${JSON.stringify(run)} }`,
  ),
  '',
].join('\n');

describe.each(containments)('what a run may do to the machine, contained by %s', (containment) => {
  const isHeld = isRoot || containment === 'bubblewrap';
  if (!isHeld) console.log('left out as user: that a run cannot change what the runner gives to it');
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  const said: string[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan });
    runner = await startTestRunner(gateway, project, containment, { log: (words) => said.push(words) });
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });

  const ended = async (profile: string) => {
    const { run } = await gateway.owner.agent.spawn.mutate({ project, profile });
    const end = await endOf(gateway, project, run, 60_000);
    return { run, end, text: await outputOf(gateway, project, run) };
  };

  it.runIf(isHeld)(
    'lets it read its token and inbox, change neither, and have no right of root',
    async () => {
      const { text } = await ended('looker');
      const [uid = '', secret, ...rest] = text.split('\n');
      if (isRoot) {
        expect(Number(uid)).toBeGreaterThan(60_000);
        expect(secret).toBe('640 0');
      }
      expect(rest.filter((row) => row === 'read')).toHaveLength(3);
      expect(text).not.toMatch(/WROTE|MOVED|PLANTED|OPENED|root:/);
      expect(text).toMatch(/CapPrm:\s+0+\nCapEff:\s+0+\n/);
      expect(text).toMatch(/^\d+\.\d+\.\d+$/m);
    },
  );

  it.each([
    ['many', /limits\.machine\.processes: found \d+, limit 40/],
    ['fat', /limits\.machine\.memory: found \d+MB, limit 250MB/],
    ['hoarder', /limits\.machine\.disk: found \d+MB, limit 80MB/],
  ])('ends %s, and says which limit, what was found and what the limit is', async (profile, words) => {
    const { end } = await ended(profile);
    // Nothing was done, which is the outcome of every breach then; its note names the breach.
    expect(end).toMatchObject({ outcome: 'no_progress', note: expect.stringMatching(words) });
  });

  it('can do normal work', async () => {
    const { text, end } = await ended('worker');
    expect(text).toContain('# pass 1');
    expect(end.outcome).toBe('no_progress');
  });

  it('removes what it left, read-only or not, and goes on with the next', async () => {
    const { run } = await ended('sticky');
    await waitUntil(() => !existsSync(join(runner.folder, 'work', 'runs', run)));
    expect((await ended('sticky')).end.outcome).toBe('no_progress');
    await waitUntil(() => readdirSync(join(runner.folder, 'work', 'runs')).length === 0);
    expect(said).toEqual([]);
  });

  it.runIf(isRoot && containment === 'other')(
    'refuses in words where its user cannot get to its folder',
    async () => {
      const closed = mkdtempSync(join(tmpdir(), 'andon-closed-'));
      expect(statSync(closed).mode & 0o777).toBe(0o700);
      await runner.close();
      runner = await startTestRunner(gateway, project, containment, {
        folder: join(closed, 'work'),
        name: 'closed',
      });
      const { end } = await ended('sticky');
      expect(end).toMatchObject({ outcome: 'spawn_failed' });
      expect(end.note).toMatch(/sandbox\.folder.*is for its owner only.*chmod o\+x/);
      rmSync(closed, { recursive: true, force: true });
    },
  );
});
