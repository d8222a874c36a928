import type { Environment, Sink } from './world.ts';

/** Tone of a text, shown as a colour. */
export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'strong' | 'name';

const codes: Readonly<Record<Tone, string>> = {
  good: '32',
  bad: '31',
  warn: '33',
  quiet: '2',
  strong: '1',
  name: '36',
};

/** Colours a text by its tone, or returns it unchanged. */
export type Paint = (tone: Tone, text: string) => string;

/** Streams for data and talk. Data is for programs and pipes, talk is for the person in front of the terminal. */
export interface Terminal {
  readonly json: boolean;
  readonly isTty: boolean;
  data(text: string): void;
  talk(text: string): void;
  /** Colours for data. */
  readonly paint: Paint;
  /** Colours for talk. */
  readonly paintTalk: Paint;
}

/** Options on the output of a command. */
export interface TerminalOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly color?: boolean | undefined;
}

/**
 * Creates a terminal over two streams. `--no-color`, NO_COLOR and FORCE_COLOR decide colours, otherwise a TTY
 * has them.
 */
export function createTerminal(
  options: TerminalOptions,
  env: Environment,
  streams: { readonly stdout: Sink; readonly stderr: Sink },
): Terminal {
  const { stdout, stderr } = streams;
  const painting = (sink: Sink): Paint => (isColoured(sink, options, env) ? coloured : plain);
  return {
    json: options.json === true,
    isTty: stdout.isTTY === true,
    data: (text) => void stdout.write(`${text}\n`),
    talk: (text) => void (options.quiet === true || stderr.write(`${text}\n`)),
    paint: options.json === true ? plain : painting(stdout),
    paintTalk: painting(stderr),
  };
}

const plain: Paint = (_tone, text) => text;
const coloured: Paint = (tone, text) => `\u001b[${codes[tone]}m${text}\u001b[0m`;

// By https://no-color.org and https://force-color.org any value but the empty one counts.
function isColoured(sink: Sink, { color }: TerminalOptions, env: Environment): boolean {
  if (color === false || isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0';
  return sink.isTTY === true && env.TERM !== 'dumb';
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';
