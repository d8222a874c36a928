import type { GuessedGate } from './guess-gates.ts';
import type { FoundTests } from './test-tools.ts';

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

const missingLine = ({ missing }: GuessedGate): string[] =>
  missing === undefined
    ? []
    : [`#  ${missing} is not on this machine: install it before you take away the mark.`];

const guessLines = (gate: GuessedGate): string[] => [
  ...missingLine(gate),
  `#  ${gate.name}: { run: ${JSON.stringify(gate.run)}, timeout: 10m${gate.network ? ', network: true' : ''}${setupWords(gate)} }`,
];

/** The step that fetches packages, once for all gates that have it in common. */
const setupWords = ({ setup }: GuessedGate): string =>
  setup === undefined
    ? ''
    : `, setup: { run: ${JSON.stringify(setup.run)}, from: [${setup.from.join(', ')}], keep: [${setup.keep.join(', ')}], network: true }`;

/** The form of a gate, where nothing in the repository tells its command. */
const anyGate = { name: 'tests', run: 'the command that runs your tests', network: false };

/** The code of the repository as a first plan tells of it. */
export interface CodeNote {
  readonly tests: FoundTests;
  /** A sentence about the code that is over the limits. */
  readonly words: string;
}

const testLines = ({ tools, globs }: FoundTests): string =>
  globs.length === 0
    ? ''
    : `
# Test code, as ${tools.join(', ')} ${tools.length === 1 ? 'finds' : 'find'} it: suites have no limit for length there, and no other code imports it.
checks:
  tests: ${JSON.stringify(globs).replaceAll(',', ', ')}
`;

/** The text of a first andon.yaml: valid as it is, with further possibilities in comments. */
export function firstPlan(project: string, gates: readonly GuessedGate[], code: CodeNote): string {
  const guesses = gates.length === 0 ? [anyGate] : gates;
  return `# What is to be done here, in which order, under which limits. andon schema prints every member.
version: 1
project: ${project}

# What counts as done: landed (on main), approved (by a validator) or artefact.
done: landed

# In order. A phase opens when all tasks of the one before it are done, or by andon phase advance <phase> --why …
phases: [build]

# Bounds for agents that write code; these are the defaults.
# ${code.words}
limits: { implementer: { complexity: 8, functionLines: 60 } }
${testLines(code.tests)}
# How long a claimed task is held without a sign of life. Programs can have less, and renew in time:
# andon task renew --every 20s
lease: 30m

# Commands that must pass on the merge of a change with main. They run in a clean checkout, in a sandbox
# without network (unless network: true) where there is one. Take away the marks of those that fit:
gates:
  review: { by: validator }
${guesses.flatMap(guessLines).join('\n')}

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
