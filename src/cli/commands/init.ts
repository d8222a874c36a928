import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import { plainNamePattern } from '../../lib/names.ts';
import { act, leaf, type Run } from '../command.ts';
import { excludeDataFolder } from '../init/exclude.ts';
import { type CodeNote, firstPlan, projectName } from '../init/first-plan.ts';
import { guessGates } from '../init/guess-gates.ts';
import { remoteAt } from '../init/remote.ts';
import { userRepositoryAt } from '../init/repository.ts';
import { findTests } from '../init/test-tools.ts';
import type { World } from '../world.ts';

interface InitOptions {
  readonly upstream?: string;
}

const about = `prepares the git repository here for Andon; running it again changes nothing.
Writes andon.yaml when there is none, with what it measures of the code, and keeps .andon/ out of git status by .git/info/exclude. No other file is touched.`;

/** The command `andon init`. */
export function initCommand(world: World): Command {
  return leaf('init', 'prepare the git repository here', about)
    .option('--upstream <url>', 'a remote to follow and to mirror landings to')
    .action(act<InitOptions>(world, init));
}

async function init({ world, options }: Run<InitOptions>) {
  const repository = await userRepositoryAt(world.cwd);
  const { root, dataFolder, planFile, plan } = repository;
  const done: string[] = [];
  const missing: string[] = [];
  const measured: string[] = [];
  if (plan === undefined) {
    const project = checkedName(options.project ?? projectName(basename(root)));
    // `wx`, because a file that appeared meanwhile belongs to the user.
    const gates = await guessGates(root, world.env.PATH ?? '');
    const code = await codeNote(root);
    await writeFile(planFile, firstPlan(project, gates, code), { flag: 'wx' });
    done.push('wrote andon.yaml');
    measured.push(code.words);
    missing.push(...new Set(gates.flatMap((gate) => gate.missing ?? [])));
  }
  if (await excludeDataFolder(root)) done.push('added .andon/ to .git/info/exclude');
  if (await noteUpstream(dataFolder, world.cwd, options.upstream))
    done.push('noted the upstream for andon up');
  const lines = done.length === 0 ? ['nothing to do: everything is in place'] : done;
  return {
    data: { root, planFile, changed: done },
    lines,
    talk: [
      ...measured,
      ...missing.map((program) => `${program} is not on this machine; gates of andon.yaml need it`),
      'next: look at andon.yaml, then andon up',
    ],
  };
}

const measureMsMax = 60_000;

/** Measures the code of the repository, for the first plan. */
async function codeNote(root: string): Promise<CodeNote> {
  const { measureCode } = await import('../init/measure-code.ts');
  const tests = await findTests(root);
  const { files, over, isPartial, ms } = await measureCode(
    root,
    tests.globs.length === 0 ? undefined : tests.globs,
    measureMsMax,
  );
  const of = `${isPartial ? 'the first ' : ''}${files} source files, measured in ${(ms / 1000).toFixed(1)} s`;
  const words =
    over === 0
      ? `No function is over these limits (${of}).`
      : `${over} functions are over these limits; they may not grow (${of}): andon check . lists them.`;
  return { tests, words };
}

async function noteUpstream(dataFolder: string, cwd: string, named: string | undefined): Promise<boolean> {
  if (named === undefined) return false;
  const upstream = remoteAt(cwd, named);
  const { keepSettings, readSettings } = await import('../init/settings.ts');
  if ((await readSettings(dataFolder)).upstream === upstream) return false;
  await keepSettings(dataFolder, { upstream });
  return true;
}

function checkedName(name: string): string {
  if (plainNamePattern.test(name)) return name;
  throw fail('cli.usage', '--project', {
    found: name,
    limit: 'lower-case letters, digits, dot, dash, underscore; at most 63',
  });
}
