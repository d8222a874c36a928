import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtMain, cleanEnvironment } from './cli.ts';
import { type Block, blocksOf } from './markdown.ts';
import { shortLived } from './short-lived.ts';

/** A command of an example, with its expected exit code: 0, unless `# exit N` behind it names another. */
interface Step {
  readonly command: string;
  readonly exit: number;
}

/** Commands that a reader types one after the other, and expected lines of their output. */
export interface Example {
  readonly steps: readonly Step[];
  /** Expected lines of the output, in this order; `…` stands for any text. */
  readonly expected: readonly string[];
}

/** The examples of a page: its `sh` blocks in their order, each with the `text` block that follows it. */
export function examplesOf(page: string): Example[] {
  const blocks = blocksOf(page);
  return blocks.flatMap(({ language, text }, at) => {
    if (language !== 'sh') return [];
    return [{ steps: stepsOf(text), expected: expectedBy(blocks[at + 1]) }];
  });
}

const expectedBy = (next: Block | undefined): string[] =>
  next?.language === 'text' ? next.text.split('\n').filter((line) => line.trim() !== '') : [];

/** One step a line; a line that ends in a backslash, or begins a here-document, goes on. */
function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  let command = '';
  let end: string | undefined;
  for (const line of text.split('\n')) {
    command += command === '' ? line : `\n${line}`;
    if (end !== undefined ? line !== end : line.endsWith('\\')) continue;
    if (end === undefined) end = /<<'?(\w+)'?/.exec(line)?.[1];
    else end = undefined;
    if (end !== undefined) continue;
    if (command.trim() !== '' && !command.startsWith('#'))
      steps.push({ command, exit: Number(/# exit (\d+)$/.exec(command)?.[1] ?? 0) });
    command = '';
  }
  if (command.trim() !== '') throw new Error(`an example without its end: ${command}`);
  return steps;
}

const mark = '@@ example';
/** Time limit of a walk in milliseconds: a walk that hangs is ended, with its processes in the background. */
const timeoutMs = 230_000;

/**
 * One shell for all examples of a page, as a person has one; the first step with another exit code than
 * expected ends it.
 */
const scriptOf = (examples: readonly Example[]): string =>
  [
    'exec 2>&1',
    `trap 'kill $(jobs -p) 2>/dev/null' EXIT`,
    ...examples.flatMap(({ steps }) => [
      `echo '${mark}'`,
      ...steps.flatMap(({ command, exit }) => [
        command,
        `ended=$?; test $ended -eq ${exit} || { echo "ended with $ended, not ${exit}:" ${quoted(command)}; exit 99; }`,
      ]),
    ]),
    'exit 0',
  ].join('\n');

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The result of a walk. */
export interface Walked {
  readonly exit: number;
  /** Output on both streams, in order. */
  readonly told: string;
  /** Expected lines that the output lacks at their place. */
  readonly missing: readonly string[];
}

/** The folder that a reader stands in, their HOME, and the rest of their environment. */
export interface WalkPlace {
  readonly cwd: string;
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs examples in `cwd`, where `andon` is the program of the present sources. */
export async function walk(examples: readonly Example[], at: WalkPlace): Promise<Walked> {
  const env = environment(at);
  const child = { cwd: at.cwd, env, maxBuffer: 1 << 24, timeout: timeoutMs };
  const { exit, told } = await new Promise<{ exit: number; told: string }>((done) =>
    execFile('bash', ['-c', scriptOf(examples)], child, (error, stdout, stderr) =>
      done({ exit: error === null ? 0 : Number(error.code ?? -1), told: stdout + stderr }),
    ),
  );
  const outputs = told.split(`${mark}\n`).slice(1);
  return {
    exit,
    told,
    missing: examples.flatMap(({ expected }, n) => missingIn(outputs[n] ?? '', expected)),
  };
}

/** The environment of a walk, with `andon` on its PATH; beside the folder, since walks at once may share a HOME. */
function environment({ cwd, home, env: more }: WalkPlace): Record<string, string> {
  const env = cleanEnvironment(home);
  const bin = `${cwd}.bin`;
  mkdirSync(bin, { recursive: true });
  const program = [process.execPath, ...shortLived, builtMain()].map(quoted).join(' ');
  writeFileSync(join(bin, 'andon'), `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o755 });
  return { ...env, ...more, PATH: `${bin}:${env.PATH}` };
}

function missingIn(output: string, expected: readonly string[]): string[] {
  const lines = output.split('\n');
  let from = 0;
  return expected.filter((line) => {
    const pattern = patternOf(line);
    const found = lines.findIndex((one, at) => at >= from && pattern.test(one.trim()));
    if (found >= 0) from = found + 1;
    return found < 0;
  });
}

/** A line as a pattern: `…` is any text, and columns may be wider or narrower. */
const patternOf = (line: string): RegExp =>
  new RegExp(
    `^${line
      .trim()
      .split(/(…|\s+)/)
      .map((part) =>
        part === '…' ? '.*' : /^\s+$/.test(part) ? '\\s+' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
      )
      .join('')}$`,
  );
