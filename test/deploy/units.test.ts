import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { builtMain, cli } from '../support/cli.ts';

const deploy = new URL('../../deploy/', import.meta.url).pathname;
const units = ['andon.service', 'andon-runner@.service'] as const;
const installed = '/usr/bin/env andon';
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.log('SKIPPED: systemd-analyze is missing, the units of deploy/ are not verified');

const folder = mkdtempSync(join(tmpdir(), 'andon-units-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The unit with an existing program, under a name that can be loaded. */
function unitFile(unit: string, change: (text: string) => string = (text) => text): string {
  const file = join(folder, unit.replace('@.', '@build-1.'));
  const text = readFileSync(join(deploy, unit), 'utf8').replaceAll(installed, '/bin/true');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, change(text));
  return file;
}

const verify = (file: string) => spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
/** The complaints about these units; verify also looks at others of the machine. */
const complaints = (file: string): string[] =>
  verify(file)
    .stderr.split('\n')
    .filter((line) => line.includes('andon'));

describe.skipIf(!hasSystemd)('systemd-analyze', () => {
  it.each(units)('finds nothing wrong with %s', (unit) => {
    const file = unitFile(unit);
    expect(complaints(file)).toEqual([]);
    expect(verify(file).status).toBe(0);
  });

  it('would find a directive that it does not know', () => {
    const file = unitFile('andon.service', (text) =>
      text.replace('[Service]\n', '[Service]\nPrivateTemp=yes\n'),
    );
    expect(complaints(file).join('\n')).toContain('PrivateTemp');
  });

  it.each(units)('finds %s hardened as far as bubblewrap allows', (unit) => {
    const args = ['security', '--offline=true', '--no-pager', '--json=short', unitFile(unit)];
    const rows = JSON.parse(execFileSync('systemd-analyze', args, { encoding: 'utf8' })) as {
      json_field: string;
      set: boolean;
    }[];
    const open = rows.filter(({ set }) => !set).map(({ json_field }) => json_field);
    for (const held of [
      'NoNewPrivileges',
      'ProtectSystem',
      'ProtectHome',
      'PrivateTmp',
      'PrivateDevices',
      'UserOrDynamicUser',
    ])
      expect(open).not.toContain(held);
    expect(open.filter((name) => name.startsWith('CapabilityBoundingSet'))).toEqual([]);
  });
});

/** The command lines of the units and of the compose file, as words behind `andon`. */
function commandLines(): string[][] {
  const ofUnits = units.map((unit) => {
    const [, line = ''] =
      /^ExecStart=\/usr\/bin\/env andon (.*)$/m.exec(readFileSync(join(deploy, unit), 'utf8')) ?? [];
    return line.split(' ');
  });
  const compose = parse(readFileSync(join(deploy, 'compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, { command?: string[] }>;
  };
  const ofCompose = Object.values(compose.services).flatMap(({ command }) =>
    command === undefined ? [] : [command.slice(1)],
  );
  return [...ofUnits, ...ofCompose];
}

it('start the program with flags that it knows', async () => {
  const lines = commandLines();
  expect(lines).toHaveLength(5);
  for (const [command = '', ...words] of lines) {
    const { stdout } = await cli([command, '--help']);
    for (const flag of words.filter((word) => word.startsWith('--') && word !== '--json'))
      expect(stdout, `andon ${command} ${flag}`).toContain(flag);
  }
});

const root = new URL('../../', import.meta.url).pathname;
const texts = readdirSync(deploy).map((name): [string, string] => [
  name,
  readFileSync(join(deploy, name), 'utf8'),
]);
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');

describe('the files of deploy/', () => {
  it.each(texts)('name only pages and files of the package that exist: %s', (_name, text) => {
    const named = [...text.matchAll(/\b(?:docs|deploy|templates|examples|plugin)\/[\w./@-]*\w/g)].map(
      ([path]) => path,
    );
    for (const path of named) expect(existsSync(join(root, path)), path).toBe(true);
    expect(named).toContain('docs/operations.md');
    // A page in the network is nobody's promise: none is named.
    expect(text).not.toMatch(/^Documentation=http/m);
  });

  it.each(texts.filter(([name]) => name.endsWith('.service')))(
    'name only places that the page on operations makes: %s',
    (_name, text) => {
      const places = [...text.matchAll(/(?<![\w.%])\/(?:etc|srv|var)\/[\w./-]*\w/g)].map(([path]) => path);
      expect(places.length).toBeGreaterThan(1);
      for (const place of places) expect(operations, place).toContain(place);
    },
  );

  it('build the image of the version of this package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const compose = readFileSync(join(deploy, 'compose.yaml'), 'utf8');
    expect(compose).toContain(`andon-${version}.tgz`);
    expect(compose).toContain(`image: andon:${version}`);
  });

  it.each(units)('find the program of %s where npm puts it', async (unit) => {
    const text = readFileSync(join(deploy, unit), 'utf8');
    const [, file = ''] = /^EnvironmentFile=-?(\S+)$/m.exec(text) ?? [];
    expect(operations).toContain(`>> ${unit === 'andon.service' ? file : '/etc/andon/gateway.env'}`);
    // The layout of `npm prefix -g`: the programs of packages in bin, beside node where nvm made it.
    const bin = join(folder, 'prefix', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'andon'), `#!/usr/bin/env node\nimport(${JSON.stringify(builtMain())});\n`, {
      mode: 0o755,
    });
    if (!existsSync(join(bin, 'node'))) symlinkSync(process.execPath, join(bin, 'node'));
    const [, program = '', first = ''] = /^ExecStart=(\S+) (\S+) /m.exec(text) ?? [];
    const { status, stdout } = spawnSync(program, [first, '--version'], {
      env: { PATH: `${bin}:/nowhere` },
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+/)]);
  });
});
