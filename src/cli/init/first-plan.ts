import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A command that looks like a gate of the repository. */
export interface GuessedGate {
  readonly name: string;
  readonly run: string;
  /** True when the command installs from a registry. */
  readonly network?: boolean;
}

/**
 * Turns the name of a folder into the name of a project: lower case, with a dash for every character that
 * names lack.
 */
export function projectName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .slice(0, 63)
    .replace(/\.lock$/, '-lock')
    .replace(/^[^a-z0-9]+|[.-]+$/g, '');
  return name === '' ? 'project' : name;
}

/** Gates guessed from package.json, Makefile and pyproject.toml. As guesses, they are written as comments. */
export async function guessGates(root: string): Promise<GuessedGate[]> {
  const read = (file: string): Promise<string> => readFile(join(root, file), 'utf8').catch(() => '');
  const found = [
    ...fromPackage(await read('package.json')),
    ...fromMakefile(await read('Makefile')),
    ...fromPyproject(await read('pyproject.toml')),
  ];
  // The first gate of a name wins, in the order above.
  return found.filter(({ name }, at) => found.findIndex((one) => one.name === name) === at);
}

function fromPackage(text: string): GuessedGate[] {
  const scripts = scriptsOf(text);
  const install = 'npm ci --ignore-scripts --no-audit --no-fund';
  return ['test', 'lint', 'typecheck', 'check'].flatMap((script) =>
    typeof scripts[script] === 'string'
      ? [
          {
            name: script === 'test' ? 'tests' : script,
            run: `${install} && npm run ${script}`,
            network: true,
          },
        ]
      : [],
  );
}

function scriptsOf(text: string): Record<string, unknown> {
  try {
    const { scripts } = JSON.parse(text) as { scripts?: unknown };
    return typeof scripts === 'object' && scripts !== null ? (scripts as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const fromMakefile = (text: string): GuessedGate[] =>
  ['test', 'lint', 'check'].flatMap((target) =>
    new RegExp(`^${target}\\s*:`, 'm').test(text)
      ? [{ name: target === 'test' ? 'tests' : target, run: `make ${target}` }]
      : [],
  );

const fromPyproject = (text: string): GuessedGate[] =>
  text.includes('pytest') ? [{ name: 'tests', run: 'python -m pytest' }] : [];

const guessLine = ({ name, run, network }: GuessedGate): string =>
  `#  ${name}: { run: ${JSON.stringify(run)}, timeout: 10m${network === true ? ', network: true' : ''} }`;

/** The text of a first andon.yaml: valid as it is, with further possibilities in comments. */
export function firstPlan(project: string, gates: readonly GuessedGate[]): string {
  const guesses = gates.length === 0 ? [{ name: 'tests', run: 'npm test' }] : gates;
  return `# What is to be done here, in which order, under which limits. andon schema prints every member.
version: 1
project: ${project}

# What counts as done: landed (on main), approved (by a validator) or artefact.
done: landed

# In order. A phase opens when all tasks of the one before it are done, or by andon phase advance <phase> --why …
phases: [build]

# Bounds for agents that write code; these are the defaults.
limits: { implementer: { complexity: 8, functionLines: 60 } }

# How long a claimed task is held without a sign of life. Programs can have less, and renew in time:
# andon task renew --every 20s
lease: 30m

# Commands that must pass on the merge of a change with main. They run in a clean checkout, in a sandbox
# without network (unless network: true) where there is one. Take away the marks of those that fit:
gates:
  review: { by: validator }
${guesses.map(guessLine).join('\n')}

# Who works here. A token is minted from a profile: andon token mint --agent agent:builder-1 --profile builder
agents:
  lead: { tier: executive }
  builder: { tier: implementer }
  reviewer: { tier: validator }

tasks:
  # An example. Change it, or take it away.
  first-note:
    title: Write down what this project is for
    phase: build
    # Only these paths may change.
    write: ["docs/**"]
#    needs: [another-task]
#    gates: [${guesses[0]?.name ?? 'tests'}]
#    deadline: 2030-01-31T12:00:00Z
`;
}
