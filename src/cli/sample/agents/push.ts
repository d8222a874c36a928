import type { Attempt } from '../example.ts';
import { git, remoteGit, say, write } from './tools.ts';

const clone = process.cwd();

/** Commits an attempt on the present main and pushes it; answers true if the gateway accepted it. */
export async function push(attempt: Attempt, branch: string): Promise<boolean> {
  say(attempt.say);
  await remoteGit(clone, 'fetch', '--quiet', 'origin');
  await git(clone, 'checkout', '--quiet', '--force', '-B', 'work', 'origin/main');
  await write(clone, attempt.files);
  await git(clone, 'add', '--all');
  await git(clone, 'commit', '--quiet', '--message', attempt.say);
  const { exit, stderr } = await remoteGit(clone, 'push', '--force', 'origin', `HEAD:refs/heads/${branch}`);
  if (exit === 0) return true;
  const told = stderr.split('\n').filter((line) => line.startsWith('remote: '));
  say(`refused:\n${told.map((line) => `  ${line.slice('remote: '.length).trimEnd()}`).join('\n') || stderr}`);
  return false;
}
