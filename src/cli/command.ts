import { Command, InvalidArgumentError, Option } from 'commander';
import { type ExitName, exitCodes } from '../lib/code-row.ts';
import { durationMs } from '../lib/durations.ts';
import { connect, type GatewayLink } from './connect.ts';
import { tellError } from './refusal.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import type { World } from './world.ts';

/** Options that every command has. */
export interface Common {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly project?: string;
  readonly url?: string;
  readonly tokenFile?: string;
}

/** One call of a command. */
export interface Run<Options> {
  readonly world: World;
  readonly terminal: Terminal;
  readonly options: Options & Common;
  /** Finds the gateway, project and token. Errors: `gateway.unreachable`, `cli.usage`. */
  link(): Promise<GatewayLink>;
}

/** The answer of a command: data for programs, lines for people, and messages beside them. */
export interface Answer {
  readonly data: unknown;
  readonly lines?: readonly string[];
  readonly talk?: readonly string[];
  readonly exit?: ExitName;
}

/** Makes a command that acts, with the options of every command. */
export function leaf(name: string, summary: string, description: string = summary): Command {
  return withCommon(new Command(name).summary(summary).description(sentenceCase(description)));
}

/** Makes a command that only holds others. */
export function group(name: string, summary: string): Command {
  return new Command(name).summary(summary).description(sentenceCase(summary));
}

const sentenceCase = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Adds the common options. */
export function withCommon(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .option('--quiet', 'say nothing beside the data')
    .option('--no-color', 'no colours (also NO_COLOR; FORCE_COLOR forces them)')
    .option('--project <name>', 'the project (default: ANDON_PROJECT, that of the folder or of the token)')
    .option('--url <url>', 'the gateway (default: ANDON_URL, or the one of the folder)')
    .option('--token-file <file>', 'file that holds the token (default: ANDON_TOKEN, ANDON_TOKEN_FILE)');
}

type CommandHandler<Options, Args extends unknown[]> = (
  run: Run<Options>,
  ...args: Args
  // biome-ignore lint/suspicious/noConfusingVoidType: a command that streams has nothing left to answer
) => Promise<Answer | void>;

/** Makes the action of a command: runs it, prints its answer, reports its error, sets the exit code. */
export function act<Options, Args extends unknown[] = []>(
  world: World,
  handler: CommandHandler<Options, Args>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.opts<Options & Common>();
    const terminal = createTerminal(options, world.env, world);
    const run = { world, terminal, options, link: () => connect(options, world) };
    try {
      const answer = await handler(run, ...(given.slice(0, -2) as Args));
      if (answer !== undefined) process.exitCode = print(answer, terminal);
    } catch (error) {
      process.exitCode = tellError(error, terminal);
    }
  };
}

function print(answer: Answer, terminal: Terminal): number {
  if (terminal.json) terminal.data(JSON.stringify(answer.data));
  else for (const line of answer.lines ?? []) terminal.data(line);
  if (!terminal.json) for (const line of answer.talk ?? []) terminal.talk(line);
  return exitCodes[answer.exit ?? 'ok'];
}

/** Makes the parser of an option that is a whole number within bounds. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`a whole number from ${min} to ${max}`);
    return value;
  };

/** Parses an option that is a duration such as `90s` or `10m`, into seconds. */
export function durationSeconds(text: string): number {
  const seconds = text.endsWith('ms') ? Number.NaN : durationMs(text) / 1000;
  if (!(seconds > 0)) throw new InvalidArgumentError('a number and s, m, h or d, such as 90s or 10m');
  return seconds;
}

/** Makes an option that may be given several times, each time with one or more values. */
export const many = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: unknown) => [
    ...(Array.isArray(before) ? (before as string[]) : []),
    text,
  ]);
