import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builtMain, cleanEnvironment } from '../support/cli.ts';

const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');

/** A line of the walk and the status that it ends with: 0, unless `# exit N` says otherwise. */
interface Step {
  readonly line: string;
  readonly exit: number;
}

function steps(): Step[] {
  const block = /^```console andon-walk\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';
  return block.split('\n').flatMap((text) => {
    if (!text.startsWith('$ ')) return [];
    const exit = Number(/# exit (\d+)$/.exec(text)?.[1] ?? 0);
    return [{ line: text.slice(2), exit }];
  });
}

/** One shell for all lines, as a person has one; the first line that ends otherwise than it says ends it. */
const script = (walk: readonly Step[]): string =>
  [
    `trap 'kill $(jobs -p) 2>/dev/null' EXIT`,
    ...walk.flatMap(({ line, exit }, at) => [
      `echo '--- ${at + 1}' >&2`,
      line,
      `ended=$?; test $ended -eq ${exit} || { echo "line ${at + 1} ended with $ended" >&2; exit 99; }`,
    ]),
    'exit 0',
  ].join('\n');

describe('the walk in the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-walk-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends as each of its lines says, in a new repository', { timeout: 240_000 }, async () => {
    const walk = steps();
    expect(walk.length).toBeGreaterThan(10);
    const [shop, bin] = [join(folder, 'shop'), join(folder, 'bin')];
    for (const path of [shop, bin]) mkdirSync(path);
    writeFileSync(join(bin, 'andon'), `#!/bin/sh\nexec '${process.execPath}' '${builtMain()}' "$@"\n`, {
      mode: 0o755,
    });
    const env = cleanEnvironment(join(folder, 'home'));
    const child = { cwd: shop, env: { ...env, PATH: `${bin}:${env.PATH}` }, maxBuffer: 1 << 24 };
    const ended = await new Promise<{ code: unknown; told: string }>((done) =>
      execFile('bash', ['-c', script(walk)], child, (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, told: stdout + stderr }),
      ),
    );
    expect(ended.code, ended.told).toBe(0);
    expect(ended.told).toContain('scope.write');
  });
});
