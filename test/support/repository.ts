import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real git repository in a temporary folder. */
export interface Repository {
  readonly root: string;
  git(...args: string[]): string;
  write(path: string, text: string | Uint8Array): void;
  /** Adds everything and commits it; returns the commit id. */
  commit(message?: string): string;
  remove(): void;
}

const identity = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

/** `PATH` and an identity; neither the user's git configuration nor the machine's. */
export const gitEnv = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  ...identity,
};

export function makeRepository(): Repository {
  const root = mkdtempSync(join(tmpdir(), 'andon-check-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, env: gitEnv, stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim();
  git('init', '-q', '-b', 'main');
  const write = (path: string, text: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const commit = (message = 'work'): string => {
    git('add', '-A');
    git('commit', '-q', '--no-verify', '--allow-empty', '-m', message);
    return git('rev-parse', 'HEAD');
  };
  return { root, git, write, commit, remove: () => rmSync(root, { recursive: true, force: true }) };
}
