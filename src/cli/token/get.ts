import { resolve } from 'node:path';
import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import { act, leaf } from '../command.ts';
import { boundProject } from '../connect.ts';
import { dateWords } from '../dates.ts';
import type { World } from '../world.ts';
import { writeToken } from './token-file.ts';

const about = `gets a token of your grant for another of its projects: andon token get --project NAME. A grant has one living token
a project: an earlier one for that project dies after 30 s. The token goes to the file of --out (mode 600), or to stdout.`;

/** The command `andon token get`. */
export function getCommand(world: World): Command {
  return leaf('get', 'get a token of your grant for another of its projects', about)
    .option('--out <file>', 'write the token to this file, mode 600')
    .action(
      act<{ out?: string }>(world, async ({ link, options }) => {
        const { client, project: wanted, token: present, gatewayKey } = await link();
        const project = boundProject(await present());
        if (project === undefined)
          throw fail('cli.usage', 'token', {
            found: 'a token on every project',
            limit: 'one of a grant over several projects',
            next: 'use it as it is: pass --project NAME to any command',
          });
        const { token = '', ...rest } = await client.token.get.mutate({ project, for: wanted });
        const talk = [`${rest.agent}: token for ${wanted}, good until ${dateWords(rest.expires * 1000)}`];
        if (options.out === undefined) return { data: { ...rest, token }, lines: [token], talk };
        const file = resolve(world.cwd, options.out);
        await writeToken(file, token, await gatewayKey());
        return { data: { ...rest, file }, lines: [file], talk };
      }),
    );
}
