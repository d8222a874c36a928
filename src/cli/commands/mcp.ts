import { type Command, Option } from 'commander';
import { act, leaf } from '../command.ts';
import type { World } from '../world.ts';

const about = `speaks the Model Context Protocol on standard input and output, for a client that starts its servers.
Every message goes to /mcp of the gateway with your token, which is renewed in its file before it ends.`;

/** The command `andon mcp`. */
export function mcpCommand(world: World): Command {
  return leaf('mcp', 'serve the tools of the gateway on standard input and output', about)
    .option('--no-renew', 'leave the token as it is')
    .addOption(
      new Option('--tools <choice>', 'the tools that are listed: those of the daily work, or every one')
        .choices(['core', 'all'])
        .default('core'),
    )
    .action(
      act<{ renew: boolean; tools: 'core' | 'all' }>(world, async ({ link, options }) => {
        const at = await link();
        const { bridge } = await import('../mcp/bridge.ts');
        const { whileKept } = await import('../token/keep-token.ts');
        const serve = (): Promise<void> => bridge(at, options.tools, world);
        await (options.renew ? whileKept(at, world, serve) : serve());
      }),
    );
}
