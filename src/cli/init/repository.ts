import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { workTree } from '../check/git.ts';
import { dataFolderName } from '../gateway-file.ts';
import { projectName } from './first-plan.ts';

/** A user's repository, for init and up. */
export interface UserRepository {
  readonly root: string;
  readonly dataFolder: string;
  readonly planFile: string;
  /** The text of andon.yaml, or undefined. */
  readonly plan: string | undefined;
}

/** The repository at `cwd`. Errors: `cli.usage` outside of one. */
export async function userRepositoryAt(cwd: string): Promise<UserRepository> {
  const root = await workTree(cwd);
  if (root === undefined)
    throw fail('cli.usage', cwd, {
      found: 'no git repository',
      next: 'git init here, or go to your repository',
    });
  const planFile = join(root, 'andon.yaml');
  const plan = await readFile(planFile, 'utf8').catch(() => undefined);
  return { root, dataFolder: join(root, dataFolderName), planFile, plan };
}

/** The name of the project: the given one, that of the plan, or that of the folder. */
export async function nameOf({ root, plan }: UserRepository, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  if (plan === undefined) return projectName(basename(root));
  const { parsePlan } = await import('../../plan/parse.ts');
  return parsePlan(plan).project;
}
