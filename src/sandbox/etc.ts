import { lstatSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OwnUser, userHere } from './own-user.ts';
import { foldersAbove } from './reach.ts';

/**
 * The entries of /etc that code in bubblewrap sees: names, hosts, certificates, libraries, languages and
 * places of other programs. No accounts, services, keys or settings of the machine.
 */
const shown: readonly string[] = [
  ...['resolv.conf', 'hosts', 'host.conf', 'hostname', 'nsswitch.conf', 'gai.conf', 'networks'],
  ...['protocols', 'services', 'ethertypes', 'rpc', 'netconfig'],
  ...['ssl/certs', 'ssl/openssl.cnf', 'ssl/ct_log_list.cnf', 'ca-certificates', 'ca-certificates.conf'],
  ...[
    'pki/tls/certs',
    'pki/tls/openssl.cnf',
    'pki/tls/cert.pem',
    'pki/ca-trust',
    'pki/java',
    'crypto-policies',
  ],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ld.so.preload', 'alternatives'],
  ...['localtime', 'timezone', 'locale.alias', 'locale.conf', 'locale.gen', 'default/locale'],
  ...['os-release', 'lsb-release', 'debian_version', 'redhat-release', 'alpine-release', 'issue'],
  ...['mime.types', 'magic', 'magic.mime', 'terminfo', 'inputrc', 'shells', 'papersize'],
  ...['fonts', 'ImageMagick-6', 'ImageMagick-7', 'OpenCL', 'vulkan', 'glvnd', 'gtk-3.0'],
  ...[
    'perl',
    'python',
    'python2.7',
    'python3',
    'maven',
    'gradle',
    'ghc',
    'R',
    'lua',
    'php',
    'php.d',
    'php.ini',
  ],
  ...['java', 'dotnet', 'mono', 'emacs', 'bash_completion.d', 'profile.d/rvm.sh'],
  ...['lynx', 'groff', 'texmf', 'X11/rgb.txt', 'sgml', 'xml', 'dictionaries-common', 'nanorc'],
];

// Java and Erlang name their folders by version.
const shownPattern = /^(java|erlang|postgresql-common|node|ruby)-?[\w.-]*$/;

/**
 * Arguments of bubblewrap that put the needed entries into an empty /etc. `own` is the folder of the passwd
 * and group of the gate or run.
 */
export function etcArgs(own: string, names: readonly string[]): string[] {
  const versions = names.filter((name) => shownPattern.test(name) && !shown.includes(name));
  return [
    ...['--tmpfs', '/etc'],
    ...[...shown, ...versions].flatMap(argumentsOf),
    ...['passwd', 'group'].flatMap((name) => ['--ro-bind', join(own, name), join('/etc', name)]),
    ...['--symlink', '/proc/self/mounts', '/etc/mtab', '--remount-ro', '/etc'],
  ];
}

function argumentsOf(name: string): string[] {
  const path = join('/etc', name);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  // The time zone is read off the link; resolv.conf is a link into /run, which is covered.
  const isZone = name === 'localtime' && stat.isSymbolicLink();
  if (isZone) return ['--symlink', readlinkSync(path), path];
  const above = foldersAbove(path).filter((folder) => folder !== '/etc');
  return [...above.flatMap((folder) => ['--dir', folder]), '--ro-bind-try', path, path];
}

/** Writes the passwd and group of a gate or run: root, nobody, and the user of its processes. */
export async function writeAccounts(folder: string, user: OwnUser | undefined, home: string): Promise<void> {
  const { uid, gid } = user ?? userHere();
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const isPlain = !/[:\n]/.test(home);
  const own = uid === 0 ? [] : [`andon:x:${uid}:${gid}:andon:${isPlain ? home : '/'}:/bin/sh`];
  const accounts = ['root:x:0:0:root:/root:/bin/sh', ...own, 'nobody:x:65534:65534:nobody:/:/bin/false', ''];
  const groups = ['root:x:0:', ...(gid === 0 ? [] : [`andon:x:${gid}:`]), 'nogroup:x:65534:', ''];
  for (const [name, rows] of Object.entries({ passwd: accounts, group: groups })) {
    await writeFile(join(folder, name), rows.join('\n'));
    // The umask may have taken the right to read away.
    await chmod(join(folder, name), 0o644);
  }
}
