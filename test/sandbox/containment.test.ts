import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  gateOf,
  leavesOut,
  type Mode,
  modesHere,
  openFolder,
  removeFolders,
} from '../support/containment.ts';

afterEach(removeFolders);

/** Opens for appending, and writes nothing. */
const opens = (files: readonly string[]): string =>
  files.map((file) => `( exec 3>>${file} ) 2>/dev/null && echo "OPENED ${file}"`).join('; ');

const kernelSettings = [
  '/proc/sys/kernel/hostname',
  '/proc/sys/vm/overcommit_memory',
  '/proc/sys/kernel/core_pattern',
];
const has = (program: string): boolean => {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe.each(modesHere())('code of a gate, as $mode', ({ mode, change }) => {
  const isRoot = mode.startsWith('root');
  const isBubble = mode.endsWith('bubblewrap');
  const isHeld = isRoot || isBubble;
  leavesOut(mode as Mode, [
    ...(isHeld ? [] : ['everything but limits and normal work: nothing holds the code']),
    ...(isBubble || !isHeld ? [] : ['a read-only system and a chosen /etc: it reads what everybody may']),
  ]);
  const gate = (command: string, prepare?: (tree: string) => void) => gateOf(command, change, prepare);

  it.runIf(isRoot)('is a user of its own, in no group but its own', async () => {
    const { output } = await gate('id -u; id -g; id -G; cut -d: -f1 /proc/self/uid_map | tr -s " "');
    const [uid = '', gid, groups] = output.split('\n');
    expect(Number(uid)).toBeGreaterThan(60_000);
    expect([gid, groups]).toEqual([uid, uid]);
    // root is mapped to no name: the kernel itself knows that user.
    expect(output.split('\n')[3]?.trim()).toBe('0 0 4294967295');
  });

  it.runIf(isHeld)('has no capability, and gets none by a setuid program', async () => {
    const { output } = await gate('grep -E "^(Cap|NoNewPrivs)" /proc/self/status');
    const rows = Object.fromEntries(output.split('\n').map((row) => row.split(/:\s*/)));
    for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(rows[name]).toMatch(/^0+$/);
    if (isBubble) expect(rows.CapBnd).toMatch(/^0+$/);
    expect(rows.NoNewPrivs).toBe('1');
  });

  it.runIf(isHeld)('opens no kernel setting for writing', async () => {
    const { output } = await gate(
      // The kernel lets everybody open the last of these, and asks for a capability when it is written.
      `${opens(kernelSettings)}; find /proc/sys /sys -type f -writable ! -name ns_last_pid 2>/dev/null; echo done`,
    );
    expect(output).toBe('done\n');
  });

  it.runIf(isHeld)('reads no account and no secret of the machine', async () => {
    const secret = join(openFolder('andon-secret-'), 'key');
    writeFileSync(secret, 'the key\n', { mode: 0o600 });
    const files = `/etc/shadow /etc/gshadow /etc/sudoers ${isRoot ? secret : ''}`;
    const { output } = await gate(
      `cat ${files} 2>/dev/null; ${opens(['/etc/passwd', '/etc/hosts'])}; echo done`,
    );
    expect(output).toBe('done\n');
  });

  it.runIf(isBubble)('sees of /etc what programs need, and nothing else', async () => {
    const { output } = await gate('ls -A /etc; cat /etc/passwd | cut -d: -f1 | tr "\\n" " "');
    const names = output.split('\n');
    for (const name of ['passwd', 'group', 'hosts', 'nsswitch.conf', 'ssl', 'alternatives', 'ld.so.cache'])
      if (statSync(join('/etc', name), { throwIfNoEntry: false }) !== undefined)
        expect(names).toContain(name);
    for (const name of [
      'shadow',
      'gshadow',
      'sudoers',
      'sudoers.d',
      'ssh',
      'cron.d',
      'pam.d',
      'fstab',
      'machine-id',
    ])
      expect(names).not.toContain(name);
    expect(names.at(-1)).toBe('root andon nobody ');
  });

  it.runIf(isBubble)('writes nowhere but in its folders', async () => {
    const { output } = await gate(
      'find / -writable ! -type l -not -path "/proc/*" -not -path "/dev/*" 2>/dev/null; find /dev -type d -writable; ( : > ../../andon-planted ) 2>/dev/null; true',
    );
    const folder = /^.*\/tree$/m.exec(output)?.[0].replace(/\/tree$/, '') ?? 'none';
    const strange = output
      .split('\n')
      .filter((path) => path !== '' && !['/tmp', '/dev/shm', '/dev/pts'].includes(path))
      .filter((path) => !['tree', 'home', 'tmp'].some((name) => `${path}/`.startsWith(`${folder}/${name}/`)))
      // The folder hangs in a /tmp of its own that no other process sees.
      .filter((path) => !(path.startsWith('/tmp/') && folder.startsWith(`${path}/`)));
    expect(strange).toEqual([]);
    expect(existsSync(join(folder, '..', 'andon-planted'))).toBe(false);
  });

  it.runIf(isHeld)('cannot change the system, nor its own folder', async () => {
    const { output } = await gate(
      'for d in / /usr /usr/bin /etc /var /lib /opt ..; do ( : > $d/andon-planted ) 2>/dev/null && echo "$d"; done; mv ../home ../moved 2>/dev/null && echo moved; echo done',
    );
    expect(output).toBe('done\n');
  });

  it('works in a folder of an awkward name that was made for its owner only', async () => {
    const outer = openFolder('andon-private-');
    const folder = join(outer, 'mein Prüf «Ordner»');
    const before = process.umask(0o077);
    try {
      mkdirSync(folder, { recursive: true });
      // Without mounts the user has to reach the folder by the real path.
      if (mode !== 'root') chmodSync(outer, 0o700);
      const { output, passed } = await gateOf(
        'pwd; cat f; echo x > made && cat made',
        { ...change, folder },
        (tree) => writeFileSync(join(tree, 'f'), 'of the tree\n'),
      );
      expect(output).toBe(`${join(folder, 'tree')}\nof the tree\nx\n`);
      expect(passed).toBe(true);
    } finally {
      process.umask(before);
    }
  });

  it.runIf(mode === 'root')('is refused in words below a folder that its user cannot enter', async () => {
    const outer = openFolder('andon-private-');
    const folder = join(outer, 'gate');
    mkdirSync(folder);
    chmodSync(outer, 0o700);
    await expect(gateOf('true', { ...change, folder })).rejects.toThrow(
      /sandbox\.folder.*is for its owner only.*chmod o\+x/,
    );
  });

  it('can do normal work: git, node --test, npm ci, python', async () => {
    const parts = [
      'set -e',
      'git init -q . && git config user.email a@b.c && git config user.name a && git add -A && git commit -qm one && git log --oneline | wc -l',
      'node --test 2>&1 | grep -E "^# pass"',
      ...(has('npm')
        ? ['npm ci --offline --no-audit --no-fund >/dev/null && node -e "require(\'./node_modules/left\')"']
        : []),
      ...(has('/usr/bin/python3')
        ? [
            '/usr/bin/python3 -c "import multiprocessing, tempfile; multiprocessing.Lock(); tempfile.TemporaryFile(); print(7)"',
          ]
        : []),
      'ls -la /tmp >/dev/null; echo done',
    ];
    const { output, passed } = await gate(parts.join('\n'), (tree) => {
      writeFileSync(join(tree, 'a.test.js'), "require('node:test')('works', () => undefined);\n");
      writeFileSync(join(tree, 'package.json'), JSON.stringify(manifest));
      writeFileSync(join(tree, 'package-lock.json'), JSON.stringify(lock));
      execFileSync('mkdir', [join(tree, 'left')]);
      writeFileSync(join(tree, 'left', 'package.json'), '{"name":"left","version":"1.0.0"}');
      writeFileSync(join(tree, 'left', 'index.js'), '');
    });
    expect(output).toContain('# pass 1');
    expect(output).toContain('done');
    expect(passed).toBe(true);
  });
});

const manifest = { name: 'x', version: '1.0.0', dependencies: { left: 'file:left' } };
const lock = {
  name: 'x',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': manifest,
    left: { version: '1.0.0' },
    'node_modules/left': { resolved: 'left', link: true },
  },
};
