import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mustGit } from '../support/gateway.ts';
import { whyNoNetwork } from '../support/network-namespace.ts';
import { runProgram } from '../support/program.ts';
import { tellStory } from '../support/upstream-story.ts';

const { ANDON_EXPRESS: express } = process.env;
const missing = express === undefined ? 'ANDON_EXPRESS names no clone of Express' : whyNoNetwork();
if (missing !== undefined) console.error(`SKIPPED: the gates of Express on two runners: ${missing}`);

/** npm with the settings of this machine; its output. */
async function npm(cwd: string, args: readonly string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  const ran = await runProgram('npm', args, { cwd, env });
  if (ran.code !== 0) throw new Error(`npm ${args.join(' ')}: ${ran.err}`);
  return ran.out.trim();
}

it.skipIf(missing !== undefined)(
  'ten changes of Express, with its own tests as their gate, on two runners of which one dies',
  async () => {
    const source = mkdtempSync(join(tmpdir(), 'andon-express-'));
    // Gates see this folder, and no home and no other temporary one.
    const cache = mkdtempSync('/var/tmp/andon-npm-');
    try {
      await mustGit(source, ['clone', '-q', express ?? '', '.']);
      await mustGit(source, ['checkout', '-q', '-B', 'main']);
      // Express ships no lock file, and switches it off.
      writeFileSync(join(source, '.npmrc'), 'package-lock=true\n');
      await npm(source, ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']);
      await npm(source, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', cache]);
      await runProgram('chmod', ['-R', 'a+rX', cache], {
        cwd: source,
        env: { PATH: process.env.PATH ?? '' },
      });
      rmSync(join(source, 'node_modules'), { recursive: true });
      await mustGit(source, ['add', '-A', '-f', 'package-lock.json', '.npmrc']);
      await mustGit(source, ['commit', '-q', '-m', 'A lock file']);
      const registry = await npm(source, ['config', 'get', 'registry']);
      // The runners' networks lead to the gateway alone.
      const offline = `cp -r ${cache} $HOME/.npm && npm ci --offline --ignore-scripts --no-audit --no-fund --registry ${registry}`;
      const setup = `{ run: ${JSON.stringify(offline)}, from: [package.json, package-lock.json, .npmrc], keep: [node_modules] }`;
      const gate = `{ run: npm test, timeout: 10m, setup: ${setup} }`;
      const end = await tellStory({
        ...{ source, gate, changes: 10, path: process.env.PATH ?? '' },
        withinMs: 15 * 60_000,
      });
      console.log(end.log.join('\n'));
      expect(end).toMatchObject({ faults: [], isSame: true, missing: [] });
      expect(end.runners).toContain('box-2');
    } finally {
      for (const folder of [source, cache]) rmSync(folder, { recursive: true, force: true });
    }
  },
  40 * 60_000,
);
