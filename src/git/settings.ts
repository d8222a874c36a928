import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../lib/limits.ts';
import type { GitRunner } from './runner.ts';

// `git fsck` counts these as information or warnings; in a push each is a way to hide or to break content.
const raised = [
  'badFilemode',
  'badTagName',
  'emptyName',
  'fullPathname',
  'gitattributesSymlink',
  'gitignoreSymlink',
  'gitmodulesParse',
  'gitmodulesSymlink',
  'hasDot',
  'hasDotdot',
  'hasDotgit',
  'mailmapSymlink',
  'missingTaggerEntry',
  'nulInCommit',
  'nullSha1',
  'zeroPaddedFilemode',
] as const;

/** Settings under which pushes are received; given by the environment, so no repository can weaken them. */
export function receiveConfig(
  hooksDir: string,
  pushBytesMax: number = limits.pushBytesMax,
): Record<string, string> {
  return {
    'core.hooksPath': hooksDir,
    'receive.fsckObjects': 'true',
    ...Object.fromEntries(raised.map((id) => [`receive.fsck.${id}`, 'error'])),
    'receive.maxInputSize': String(pushBytesMax),
    'receive.denyDeletes': 'true',
    'receive.denyNonFastForwards': 'true',
    'receive.denyCurrentBranch': 'ignore',
    'receive.advertisePushOptions': 'false',
    'transfer.hideRefs': 'refs/andon',
    // Blobs above this are checked as a stream, so a small pack that unfolds to gigabytes costs no memory …
    'core.bigFileThreshold': '16m',
    // … and one pack is fsynced once, where loose objects are fsynced one by one.
    'receive.unpackLimit': '1',
    'transfer.unpackLimit': '1',
  };
}

/** Bounds on an object that git must hold in memory (the result of a delta). */
export const receiveEnvironment: Readonly<Record<string, string>> = {
  GIT_ALLOC_LIMIT: String(limits.blobBytesMax + 32 * 1024 * 1024),
};

/** Settings under which repositories are fetched from. */
export const uploadConfig: Readonly<Record<string, string>> = {
  'transfer.hideRefs': 'refs/andon',
  'uploadpack.allowFilter': 'true',
  'uploadpack.allowAnySHA1InWant': 'false',
};

/** One unsafe setting of a repository, with the reason. */
export interface UnsafeSetting {
  readonly key: string;
  readonly value: string;
  readonly why: string;
}

const starts = 'it starts a program or reads another file';
const weakens = 'it weakens what Andon checks';

// Andon's own calls override most of these; they are reported because somebody put them there.
const unsafeKeys: readonly (readonly [RegExp, RegExp, string])[] = [
  [
    /^core\.(fsmonitor|sshcommand|alternaterefscommand|gitproxy|pager|editor|askpass|hookspath|attributesfile|worktree)$/,
    /./,
    starts,
  ],
  [
    /^(filter|diff|merge|credential|gpg|mergetool|difftool|alias|include|includeif|uploadpack|remote|url)\b.*\.?(clean|smudge|process|command|textconv|driver|helper|program|cmd|path|packobjectshook|uploadpack|receivepack|vcs|insteadof|pushinsteadof)$/,
    /./,
    starts,
  ],
  [/^alias\./, /./, starts],
  [/^(receive|transfer|fetch)\.fsckobjects$/, /^(false|no|off|0)$/, weakens],
  [/^receive\.fsck\./, /^(ignore|warn)$/, weakens],
  [/^receive\.(denynonfastforwards|denydeletes)$/, /^(false|no|off|0)$/, weakens],
  [/^receive\.(procreceiverefs|certnonceseed)$/, /./, weakens],
  [/^core\.fsync$/, /^(?!all$)/, 'acknowledged work may be lost with the power'],
  [/^core\.(protecthfs|protectntfs)$/, /^(false|no|off|0)$/, weakens],
  [/^extensions\.(worktreeconfig|partialclone)$/, /./, 'the repository is not whole, or read from elsewhere'],
];

/**
 * Every unsafe setting of a repository that Andon serves: configuration, live hooks, grafts, alternates, open
 * permissions.
 */
export async function unsafeSettings(runner: GitRunner, gitDir: string): Promise<UnsafeSetting[]> {
  const { stdout } = await runner.run(
    ['config', '--file', join(gitDir, 'config'), '--no-includes', '--list', '-z'],
    { gitDir },
  );
  const rows = stdout
    .toString('utf8')
    .split('\0')
    .filter((row) => row !== '');
  const found: UnsafeSetting[] = [];
  for (const row of rows) {
    const [key = '', value = 'true'] = splitRow(row);
    const hit = unsafeKeys.find(([keys, values]) => keys.test(key.toLowerCase()) && values.test(value));
    if (hit !== undefined) found.push({ key, value, why: hit[2] });
  }
  return [...found, ...(await unsafeFiles(gitDir))];
}

function splitRow(row: string): [string, string?] {
  const end = row.indexOf('\n');
  return end < 0 ? [row] : [row.slice(0, end), row.slice(end + 1)];
}

async function unsafeFiles(gitDir: string): Promise<UnsafeSetting[]> {
  const found: UnsafeSetting[] = [];
  for (const [name, why] of Object.entries(suspectFiles)) {
    const present = await access(join(gitDir, name)).then(
      () => true,
      () => false,
    );
    if (present) found.push({ key: name, value: 'present', why });
  }
  for (const name of await readdir(join(gitDir, 'hooks')).catch(() => [])) {
    const live = await access(join(gitDir, 'hooks', name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (live && !name.endsWith('.sample'))
      found.push({ key: `hooks/${name}`, value: 'executable', why: starts });
  }
  const { mode } = await stat(gitDir);
  if ((mode & 0o022) !== 0)
    found.push({ key: '.', value: (mode & 0o777).toString(8), why: 'others can write here' });
  return found;
}

const suspectFiles: Readonly<Record<string, string>> = {
  'objects/info/alternates': 'objects lie in another folder that may go away',
  'info/grafts': 'history is not what the commits say',
  'refs/replace': 'objects are not what their names say',
  'info/attributes': 'merges and checkouts follow it',
  shallow: 'history is cut off',
};
