import type { Command } from 'commander';
import { Option } from 'commander';
import { act, leaf, many, wholeNumber } from '../command.ts';
import { keepUp, upChild } from '../up/keep-up.ts';
import type { UpOptions } from '../up/options.ts';
import type { World } from '../world.ts';

const about = `starts the gateway for the git repository here and stays until Ctrl-C.
The first time it adopts the repository as a project (its checkout is only read) and applies andon.yaml.
With --json it prints one line when ready: {"url", "tokenFile", "project", "git"}.`;

/** The command `andon up`. */
export function upCommand(world: World): Command {
  return leaf('up', 'start the gateway for the repository here', about)
    .option('--port <n>', 'the port (default: that of last time, or any)', wholeNumber(0, 65_535))
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
    .option(
      '--hosts <names...>',
      'further names under which clients reach the gateway, with :port if it differs',
    )
    .option('--tls-cert <file>', 'certificate, in PEM')
    .option('--tls-key <file>', 'its private key, in PEM')
    .option('--behind-proxy', 'a proxy in front terminates TLS')
    .option('--database-url <url>', 'PostgreSQL (default: DATABASE_URL, else PGlite in .andon)')
    .addOption(
      new Option(
        '--sandbox <setting>',
        'required refuses gates and runs without bubblewrap, preferred allows them',
      ).choices(['required', 'preferred']),
    )
    .option('--branch <name>', 'the branch to adopt at the first start (default: the one checked out here)')
    .option('--open', 'open the page in your browser once the gateway is ready')
    .option('--no-runner', 'start no runner: agents run elsewhere, or by hand')
    .option('--runs <n>', 'most runs of agents at once on this machine', wholeNumber(1, 1000))
    .option(
      '--gates <n>',
      'gates at once in this gateway; with 0, runners carry out all (default: one for each core)',
      wholeNumber(0, 1000),
    )
    .addOption(many('--command <name=path>', 'a program that triggers may start, by name (may be repeated)'))
    .addOption(
      many(
        '--webhook-host <host>',
        'a host[:port] that webhooks may reach even if it is private or speaks plain http',
      ),
    )
    .addOption(
      many(
        '--witness <place>',
        'a further place for the mark of the log, which shows a loss of its end: file:PATH, command:PATH or mirror',
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'least level of the messages that the gateway logs to stderr')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('warn'),
    )
    .action(
      act<UpOptions>(world, async (run) => {
        if (upChild(world.env) === undefined) {
          process.exitCode = await keepUp(run);
          return;
        }
        const { up } = await import('../up/up.ts');
        return up(run);
      }),
    );
}
