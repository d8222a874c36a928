import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { directTo } from '../../git/loopback-remote.ts';
import { fail } from '../../lib/errors.ts';
import { act, leaf } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { tellError } from '../refusal.ts';
import type { Terminal } from '../terminal.ts';
import type { World } from '../world.ts';

const about = `runs git with your token, so that clone, fetch and push reach the gateway.
The token is in the environment of that git only (http.<url>.extraHeader): not on disk, not in an argument.

  andon git clone URL/git/PROJECT.git
  andon git push origin HEAD:refs/heads/task/TASK/EPOCH/work`;

/** The command `andon git`. Ends with the exit code of git. */
export function gitCommand(world: World): Command {
  return leaf('git', 'run git with your token', about)
    .argument('[args...]', 'arguments of git')
    .passThroughOptions()
    .allowUnknownOption()
    .action(
      act<object, [string[]]>(world, async ({ link, terminal }, args) => {
        if (args.length === 0) throw fail('cli.usage', 'andon git', { found: 'no arguments' });
        const at = await link();
        // git sends the token without proof of its receiver, so this request proves the gateway before git
        // starts.
        await (await at.fetch(`${at.url}/livez`)).text();
        const status = await runInherited(world, args, authEnvironment(world, at.url, await at.token()));
        process.exitCode = status;
        if (status !== 0) await tellWhy(at, terminal);
      }),
    );
}

/** Reports the fault of the token: git itself reports only that the login failed. */
async function tellWhy({ client, projectIfAny }: GatewayLink, terminal: Terminal): Promise<void> {
  try {
    await client.token.explain.query({ project: projectIfAny ?? '*' });
  } catch (error) {
    tellError(error, terminal);
  }
}

/** The git settings of the caller's environment, if any, followed by the header for the gateway, and no proxy on this machine. */
function authEnvironment({ env }: World, url: string, token: string): Record<string, string | undefined> {
  const before = Number(env.GIT_CONFIG_COUNT ?? 0);
  const at = Number.isInteger(before) && before >= 0 ? before : 0;
  const own = [[`http.${url}/.extraHeader`, `Authorization: Bearer ${token}`], ...directTo(url)];
  return {
    ...env,
    GIT_TERMINAL_PROMPT: env.GIT_TERMINAL_PROMPT ?? '0',
    GIT_CONFIG_COUNT: String(at + own.length),
    ...Object.fromEntries(
      own.flatMap(([key, value], n) => [
        [`GIT_CONFIG_KEY_${at + n}`, key],
        [`GIT_CONFIG_VALUE_${at + n}`, value],
      ]),
    ),
  };
}

function runInherited(
  world: World,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<number> {
  const child = spawn('git', args, { cwd: world.cwd, env, stdio: 'inherit' });
  // Ctrl-C reaches git as well, by the terminal; this process ends with git.
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(fail('git.failed', 'git', { found: error.message, next: 'install git' }, error)),
    );
    child.once('close', (code, signal) => {
      process.removeListener('SIGINT', wait);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
