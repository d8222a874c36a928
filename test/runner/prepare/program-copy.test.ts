import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { reachableProgram } from '../../../src/runner/prepare/program-copy.ts';
import { packagesOf } from '../../../src/runner/prepare/program-packages.ts';
import { type Containment, findContainment } from '../../../src/sandbox/sandbox.ts';
import { builtMain } from '../../support/cli.ts';
import { openFolder, removeFolders } from '../../support/containment.ts';

afterEach(removeFolders);

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out as user: runs have that user, who gets at what was installed');
const root = dirname(dirname(dirname(builtMain())));

/** The program in a folder of an awkward name, for its owner only, as under umask 077 below a private folder. */
function privateProgram(): { launch: string[]; visible: string[] } {
  const outer = openFolder('andon-private-');
  const folder = join(outer, 'mein Ordner für «Übung»');
  mkdirSync(folder);
  for (const name of ['package.json', 'dist'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(realpathSync(join(root, 'node_modules')), join(folder, 'node_modules'));
  chmodSync(join(folder, 'dist', 'cli', 'main.js'), 0o600);
  chmodSync(outer, 0o700);
  const main = join(folder, 'dist', 'cli', 'main.js');
  return { launch: [process.execPath, main], visible: [folder] };
}

const ways: Containment[] = isRoot
  ? [findContainment('/nonexistent'), ...(findContainment().kind === 'bubblewrap' ? [findContainment()] : [])]
  : [];

describe.each(ways)('the program of runs that are $kind', (containment) => {
  it('stays where it is, where everybody gets at it', () => {
    const place = { launch: [process.execPath, builtMain()], visible: [root] };
    const copy = join(openFolder(), 'program');
    const found = reachableProgram(place, copy, containment);
    if (existsSync(copy)) expect(found.visible).toEqual([copy]);
    else expect(found).toBe(place);
  });

  it('that was installed for its owner only is copied to where runs get at it, and starts there', () => {
    const copy = join(openFolder(), 'program für «alle»');
    const { launch, visible } = reachableProgram(privateProgram(), copy, containment);
    expect(visible).toEqual([copy]);
    const [node = '', main = ''] = launch;
    const { user } = containment as { user: { uid: number; gid: number } };
    const said = execFileSync(node, [main, '--version'], { uid: user.uid, gid: user.gid, cwd: '/', env: {} });
    expect(said.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
    // Some thousand files, on a machine with other work.
  });

  it('is refused in words where it is sources that nobody else may read', () => {
    const folder = openFolder();
    mkdirSync(join(folder, 'src', 'cli'), { recursive: true });
    const main = join(folder, 'src', 'cli', 'main.ts');
    writeFileSync(main, '', { mode: 0o600 });
    const place = { launch: [process.execPath, main], visible: [folder] };
    expect(() => reachableProgram(place, join(folder, 'program'), containment)).toThrow(
      /sandbox\.folder.*main\.ts.*for its owner only.*build/,
    );
  });
});

describe('the packages of a program', () => {
  it('are those that Node would find, each at its place', () => {
    const folder = openFolder();
    const made = (path: string, dependencies: Record<string, string> = {}): void => {
      mkdirSync(join(folder, path), { recursive: true });
      writeFileSync(join(folder, path, 'package.json'), JSON.stringify({ dependencies }));
    };
    made('app', { a: '1', gone: '1' });
    made('app/node_modules/a', { b: '2', c: '1' });
    made('app/node_modules/a/node_modules/b');
    made('node_modules/c', { a: '1' });
    made('node_modules/a');
    const found = Object.fromEntries(packagesOf(join(folder, 'app')));
    expect(found).toEqual({
      [join(folder, 'app')]: '',
      [join(folder, 'app/node_modules/a')]: 'node_modules/a',
      [join(folder, 'app/node_modules/a/node_modules/b')]: 'node_modules/a/node_modules/b',
      [join(folder, 'node_modules/c')]: 'node_modules/c',
      [join(folder, 'node_modules/a')]: 'node_modules/a',
    });
  });
});
