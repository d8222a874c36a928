import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../../lib/code-row.ts';
import { sentence } from '../../lib/errors.ts';
import { asAndonError } from '../refusal.ts';
import type { GivenLimits } from './limits.ts';
import type { Output } from './run.ts';

interface Options extends GivenLimits {
  readonly staged?: boolean;
  readonly range?: string;
  readonly changed?: boolean;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly github?: boolean;
  readonly quiet?: boolean;
  readonly install?: boolean;
  readonly force?: boolean;
  readonly baseline?: string;
  readonly writeBaseline?: string;
}

const about = `Judges TypeScript, JavaScript, Python, Go, Rust, Java, C and C++ as the gateway does: complexity and length of functions, code hidden
from analysis, imports of test code. Old code above a limit may be changed, and may not grow.

paths          every function of the files and folders named
--changed      what the work tree adds or makes worse over HEAD (also without any argument)
--staged       what the index adds or makes worse over HEAD
--range A..B   what B adds or makes worse over its merge base with A

Exit status: 0 nothing to refuse, 4 refused, 2 wrong use.`;

/** The command `andon check`. Sets `process.exitCode`; prints data to stdout and messages to stderr. */
export function checkCommand(): Command {
  return new Command('check')
    .summary('judge source as the gateway does')
    .description(about)
    .argument('[paths...]', 'files and folders')
    .option('--staged', 'judge the staged changes')
    .option('--range <A..B>', 'judge the changes of a range of commits')
    .option('--changed', 'judge the differences of the work tree from HEAD')
    .addOption(number('--complexity <n>', 'highest cyclomatic complexity of a function'))
    .addOption(number('--lines <n>', 'most lines of a function'))
    .option('--json', 'print one JSON object')
    .addOption(new Option('--sarif', 'print a SARIF 2.1.0 log').conflicts('json'))
    .addOption(
      new Option('--github', 'print annotations for a workflow of GitHub').conflicts(['json', 'sarif']),
    )
    .option('--baseline <file>', 'let findings of a baseline be that are no worse than there')
    .addOption(
      new Option('--write-baseline <file>', 'write the findings to a baseline, and refuse none').conflicts(
        'baseline',
      ),
    )
    .option('--quiet', 'print reasons only')
    .option('--install', 'write a pre-commit hook that runs andon check --staged')
    .option('--force', 'with --install: replace a hook that Andon did not write')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage))
    .action(act);
}

const number = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 999999');
    return Number(text);
  });

async function act(paths: string[], options: Options): Promise<void> {
  const output: Output = {
    data: (text) => process.stdout.write(`${text}\n`),
    talk: (text) => process.stderr.write(`${text}\n`),
  };
  try {
    process.exitCode =
      options.install === true ? await install(options, output) : await check(paths, options, output);
  } catch (error) {
    const known = asAndonError(error);
    const { code, exit, reasons } = known;
    if (options.json === true) output.data(JSON.stringify({ error: { code, exit, reasons } }));
    for (const one of reasons) output.talk(`andon check: ${sentence(one)}`);
    process.exitCode = exit;
  }
}

async function check(paths: string[], options: Options, output: Output): Promise<number> {
  const { complexity, lines, ...rest } = options;
  const format = (['sarif', 'json', 'github'] as const).find((one) => options[one] === true) ?? 'human';
  const given = { ...(complexity && { complexity }), ...(lines && { lines }) };
  const { createAnalyser } = await import('../../analysis/analyser.ts');
  const { runCheck } = await import('./run.ts');
  const analyser = createAnalyser();
  try {
    return await runCheck({ ...rest, paths, cwd: process.cwd(), given, format }, output, analyser);
  } finally {
    analyser.close();
  }
}

async function install(options: Options, output: Output): Promise<number> {
  const { installHook } = await import('./install.ts');
  const launch = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  const { path, isChanged } = await installHook(process.cwd(), launch, options.force === true);
  if (options.json === true) output.data(JSON.stringify({ path, isChanged }));
  else output.data(`${isChanged ? 'wrote' : 'unchanged'} ${path}`);
  return exitCodes.ok;
}
