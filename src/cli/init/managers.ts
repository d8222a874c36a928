/** The files at the top of a repository that tell how its tests are run. */
export interface TopFiles {
  /** The text of a file; empty when there is none. */
  text(name: string): string;
  has(name: string): boolean;
}

/** One command of a repository that can be a gate. */
export interface ManagedCommand {
  readonly name: string;
  readonly run: string;
  /** True when the command fetches packages. */
  readonly network: boolean;
  /** The step that fetches its packages, where a lock file makes that the same each time. */
  readonly setup?: ManagedSetup;
}

/** A step before a gate that fetches packages. */
export interface ManagedSetup {
  readonly run: string;
  readonly from: readonly string[];
  readonly keep: readonly string[];
}

/** A package manager or build tool: the files that show it, and the commands that a repository of it has. */
export interface Manager {
  readonly name: string;
  /** The program that has to be on the machine of the gateway. */
  readonly program: string;
  /** Files of which one shows that a repository uses it: lock files first, they tell managers of one manifest apart. */
  readonly locks: readonly string[];
  readonly manifest: string;
  /** True when its manifest alone is enough, and belongs to no other manager of the same manifest. */
  readonly byManifest: (files: TopFiles) => boolean;
  readonly commands: (files: TopFiles) => readonly ManagedCommand[];
}

interface PackageJson {
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly dependencies?: object;
  readonly devDependencies?: object;
  readonly packageManager?: unknown;
  readonly workspaces?: unknown;
}

function packageJson(files: TopFiles): PackageJson {
  try {
    const read: unknown = JSON.parse(files.text('package.json'));
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {};
  }
}

const isFilled = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** The script that `npm init` writes, which fails by design. */
const placeholder = /no test specified/;

/** The scripts of a package.json that make gates; installed first where the package has dependencies. */
function scriptCommands(
  files: TopFiles,
  install: string,
  run: string,
  locks: readonly string[] = [],
): ManagedCommand[] {
  const { scripts = {}, dependencies, devDependencies, workspaces } = packageJson(files);
  const lock = locks.find((name) => files.has(name));
  // The packages of a workspace are named by its members, which a set-up does not see.
  const setup = lock === undefined || workspaces !== undefined ? undefined : setupOf(files, install, lock);
  const network = isFilled(dependencies) || isFilled(devDependencies);
  return ['test', 'lint', 'typecheck', 'check'].flatMap((script) => {
    const text = scripts[script];
    if (typeof text !== 'string' || text.trim() === '' || placeholder.test(text)) return [];
    const command = `${run} ${script}`;
    if (network && setup !== undefined)
      return [{ name: gateName(script), run: command, network: false, setup }];
    return [{ name: gateName(script), run: network ? `${install} && ${command}` : command, network }];
  });
}

const setupOf = (files: TopFiles, run: string, lock: string): ManagedSetup => ({
  run,
  from: ['package.json', lock, ...(files.has('.npmrc') ? ['.npmrc'] : [])],
  keep: ['node_modules'],
});

const gateName = (target: string): string => (target === 'test' ? 'tests' : target);

const isNamed = (files: TopFiles, name: string): boolean =>
  String(packageJson(files).packageManager ?? '').startsWith(`${name}@`);

const isYarn1 = (files: TopFiles): boolean => !files.text('yarn.lock').includes('__metadata:');

const yarnInstall = (files: TopFiles): string =>
  isYarn1(files)
    ? 'yarn install --frozen-lockfile --ignore-scripts --non-interactive'
    : 'yarn install --immutable --mode=skip-build';

const hasNpmLock = (files: TopFiles): boolean =>
  files.has('package-lock.json') || files.has('npm-shrinkwrap.json');

const hasPytest = (files: TopFiles): boolean => /\bpytest\b/.test(files.text('pyproject.toml'));

const pytest = (files: TopFiles, run: string): readonly ManagedCommand[] =>
  hasPytest(files) ? [{ name: 'tests', run, network: true }] : [];

const tests = (run: string, network: boolean): readonly ManagedCommand[] => [{ name: 'tests', run, network }];

const makeTargets = (files: TopFiles): ManagedCommand[] =>
  ['test', 'lint', 'check'].flatMap((target) =>
    new RegExp(`^${target}\\s*:`, 'm').test(files.text('Makefile'))
      ? [{ name: gateName(target), run: `make ${target}`, network: false }]
      : [],
  );

const never = (): boolean => false;
const always = (): boolean => true;

/**
 * Every manager, in the order in which they are looked for: the first gate of a name wins. npm stands last of those that
 * share package.json, since the manifest alone means npm.
 */
export const managers: readonly Manager[] = [
  {
    name: 'pnpm',
    program: 'pnpm',
    locks: ['pnpm-lock.yaml'],
    manifest: 'package.json',
    byManifest: (files) => isNamed(files, 'pnpm'),
    commands: (files) => {
      const frozen = files.has('pnpm-lock.yaml') ? ' --frozen-lockfile' : '';
      return scriptCommands(files, `pnpm install${frozen} --ignore-scripts`, 'pnpm run', ['pnpm-lock.yaml']);
    },
  },
  {
    name: 'yarn',
    program: 'yarn',
    locks: ['yarn.lock'],
    manifest: 'package.json',
    byManifest: never,
    commands: (files) =>
      scriptCommands(files, yarnInstall(files), 'yarn run', isYarn1(files) ? ['yarn.lock'] : []),
  },
  {
    name: 'bun',
    program: 'bun',
    locks: ['bun.lock', 'bun.lockb'],
    manifest: 'package.json',
    byManifest: never,
    commands: (files) =>
      scriptCommands(files, 'bun install --frozen-lockfile --ignore-scripts', 'bun run', [
        'bun.lock',
        'bun.lockb',
      ]),
  },
  {
    name: 'npm',
    program: 'npm',
    locks: ['package-lock.json', 'npm-shrinkwrap.json'],
    manifest: 'package.json',
    byManifest: always,
    commands: (files) => {
      const install = hasNpmLock(files) ? 'npm ci' : 'npm install';
      return scriptCommands(files, `${install} --ignore-scripts --no-audit --no-fund`, 'npm run', [
        'package-lock.json',
        'npm-shrinkwrap.json',
      ]);
    },
  },
  {
    name: 'make',
    program: 'make',
    locks: [],
    manifest: 'Makefile',
    byManifest: always,
    commands: makeTargets,
  },
  {
    name: 'uv',
    program: 'uv',
    locks: ['uv.lock'],
    manifest: 'pyproject.toml',
    byManifest: (files) => /^\[tool\.uv\b/m.test(files.text('pyproject.toml')),
    commands: (files) => pytest(files, files.has('uv.lock') ? 'uv run --frozen pytest' : 'uv run pytest'),
  },
  {
    name: 'poetry',
    program: 'poetry',
    locks: ['poetry.lock'],
    manifest: 'pyproject.toml',
    byManifest: (files) => /^\[tool\.poetry\b/m.test(files.text('pyproject.toml')),
    commands: (files) => pytest(files, 'poetry install --no-interaction && poetry run pytest'),
  },
  {
    name: 'pip',
    program: 'python3',
    locks: [],
    manifest: 'pyproject.toml',
    byManifest: (files) => /^\[build-system\]/m.test(files.text('pyproject.toml')),
    commands: (files) =>
      pytest(
        files,
        'python3 -m venv .venv && .venv/bin/pip install --quiet . pytest && .venv/bin/python -m pytest',
      ),
  },
  {
    name: 'go',
    program: 'go',
    locks: ['go.sum'],
    manifest: 'go.mod',
    byManifest: always,
    commands: (files) => tests('go test ./...', files.has('go.sum')),
  },
  {
    name: 'cargo',
    program: 'cargo',
    locks: ['Cargo.lock'],
    manifest: 'Cargo.toml',
    byManifest: always,
    commands: (files) =>
      tests(
        files.has('Cargo.lock') ? 'cargo test --locked' : 'cargo test',
        /^\[(?:\w+-)?dependencies\]/m.test(files.text('Cargo.toml')),
      ),
  },
  {
    name: 'maven',
    program: 'mvn',
    locks: [],
    manifest: 'pom.xml',
    byManifest: always,
    commands: (files) => tests(files.has('mvnw') ? 'sh mvnw -B -q test' : 'mvn -B -q test', true),
  },
];
