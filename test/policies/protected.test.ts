import { describe, expect, it } from 'vitest';
import type { PushFacts, TreeScope } from '../../src/policies/facts.ts';
import { frameReasons } from '../../src/policies/frame.ts';
import { steeringOf } from '../../src/policies/protected/lookup.ts';
import { protectionOf } from '../../src/policies/protected/protection.ts';
import { steeredTools } from '../../src/policies/protected/table.ts';

const bare = protectionOf({ protect: [], unprotect: [] });

/** Files that plans named before the table was there; a plan of that time must not open anything now. */
const before =
  'andon.yaml package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml .npmrc tsconfig.json Makefile pyproject.toml poetry.lock requirements.txt setup.cfg tox.ini pytest.ini conftest.py Cargo.toml Cargo.lock go.mod go.sum vitest.config.* jest.config.* playwright.config.* eslint.config.* biome.json CLAUDE.md AGENTS.md .mcp.json .gitattributes .gitmodules .github/** .gitlab-ci.yml .circleci/** .ci/** Jenkinsfile .claude/** .codex/** .cursor/** .vscode/** .husky/**'.split(
    ' ',
  );

/** Files that steered a gate and that the list of names let through. */
const letThrough =
  'GNUmakefile makefile rules.mk CMakeLists.txt build.ninja meson.build BUILD.bazel MODULE.bazel .bazelrc justfile Taskfile.yml Rakefile build.gradle.kts settings.gradle gradlew gradle/wrapper/gradle-wrapper.properties pom.xml .mvn/jvm.config build.xml build.sbt .yarnrc.yml .yarn/releases/yarn.cjs .pnp.cjs bunfig.toml bun.lock pnpm-workspace.yaml .pnpmfile.cjs .nvmrc .node-version vitest.workspace.ts vite.config.ts .mocharc.cjs ava.config.js karma.conf.js cypress.config.ts .c8rc.json .nycrc babel.config.js .babelrc .swcrc tsconfig.build.json jsconfig.json .eslintrc.cjs .prettierrc biome.jsonc setup.py noxfile.py sitecustomize.py usercustomize.py evil.pth .coveragerc requirements-dev.txt Pipfile uv.lock go.work vendor/modules.txt build.rs .cargo/config.toml rust-toolchain.toml Gemfile .rspec composer.json phpunit.xml.dist Directory.Build.props app.csproj global.json Dockerfile docker-compose.yml compose.yaml .devcontainer/devcontainer.json .travis.yml azure-pipelines.yml .buildkite/pipeline.yml .gitea/workflows/a.yml .woodpecker.yml .githooks/pre-commit .gitignore .idea/workspace.xml .editorconfig GEMINI.md .windsurfrules .envrc .env .tool-versions mise.toml .pre-commit-config.yaml lefthook.yml node_modules/.bin/vitest pytest.py'.split(
    ' ',
  );

describe('the table of files that steer tools', () => {
  it('names its source for each tool once, in lower case, by globs', () => {
    const names = steeredTools.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, docs, files } of steeredTools) {
      expect(files.length, name).toBeGreaterThan(0);
      expect(docs.length, name).toBeGreaterThan(8);
      for (const file of files) expect(file, name).toBe(file.toLowerCase());
    }
  });

  it.each([...before.map((glob) => glob.replaceAll('**', 'x').replaceAll('*', 'x')), ...letThrough])(
    'closes %s at the root, below folders, in capitals and in compatibility forms',
    (path) => {
      for (const prefix of ['', 'src/', 'a/b/c/']) {
        expect(bare.against(prefix + path), path).toBeDefined();
        expect(bare.against(prefix + path.toUpperCase()), path).toBeDefined();
      }
      expect(bare.against(path.replaceAll('k', '\u212a')), path).toBeDefined();
    },
  );

  it.each([
    'README.md',
    'src/index.ts',
    'docs/webpack.md',
    'docs/jest.md',
    'src/jest.ts',
    'src/checkstyle-runner.java',
    'test/cart.test.ts',
    'build/out.js',
    'src/environment.ts',
    'db/schema.sql',
    'tests/unittest/test_a.py',
  ])('leaves %s to whoever may write it', (path) => {
    expect(bare.against(path)).toBeUndefined();
  });

  it('judges 20,000 paths of a push in well under a second of work', () => {
    const begun = process.cpuUsage();
    for (let i = 0; i < 20_000; i++) bare.against(`packages/p${i % 97}/src/deep/file-${i}.test.ts`);
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(3000);
  });
});

describe('what a plan adds and takes out', () => {
  it('adds by `protect`, also to what a tool reads', () => {
    const own = protectionOf({ protect: ['docs/law/**', 'package.json'], unprotect: ['npm'] });
    expect(own.against('docs/law/a.md')).toBe('the plan');
    expect(own.against('package.json')).toBe('the plan');
    expect(own.against('a/package.json')).toBeUndefined();
    expect(own.against('docs/a.md')).toBeUndefined();
  });

  it('opens a tool with all that it reads, and nothing of another', () => {
    const { against } = protectionOf({ protect: [], unprotect: ['npm'] });
    expect(['package.json', 'a/.npmrc', 'package-lock.json'].map(against)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(against('Makefile')).toBe('make');
    expect(against('yarn.lock')).toBe('yarn');
  });

  it('opens a path, or all of a glob, and nothing beside', () => {
    const { against } = protectionOf({ protect: [], unprotect: ['a/Makefile', 'web/**'] });
    expect(against('a/Makefile')).toBeUndefined();
    expect(against('a/makefile')).toBe('make');
    expect(against('Makefile')).toBe('make');
    expect(against('web/x/package.json')).toBeUndefined();
  });

  it('no tool that only instructs agents opens the workflows of a host', () => {
    for (const { name, files } of steeredTools) if (files.includes('.github/**')) expect(name).toBe('github');
    const { against } = protectionOf({ protect: [], unprotect: ['copilot'] });
    expect(against('.github/workflows/ci.yml')).toBe('github');
  });

  it('tells globs that are closed as a whole from those that are not', () => {
    const whole = [
      'package.json',
      '.github/**',
      'x/.github/*',
      '**/*.mk',
      'a/tsconfig.?.json',
      '.vscode/*.json',
    ];
    for (const glob of whole) expect(bare.closes(glob), glob).toBeDefined();
    const open = ['src/**', '**', '*', '*.json', 'x*', 'package.*', '**/.github*', 'docs/*.md'];
    for (const glob of open) expect(bare.closes(glob), glob).toBeUndefined();
    expect(
      protectionOf({ protect: [], unprotect: ['.github/CODEOWNERS'] }).closes('.github/**'),
    ).toBeUndefined();
    expect(protectionOf({ protect: ['law/**'], unprotect: [] }).closes('law/a/*')).toBe('the plan');
  });

  it('agrees with itself: a path of the table is found by the glob that it was found by', () => {
    for (const path of letThrough)
      for (const { glob } of steeringOf(path)) expect(bare.closes(glob), glob).toBeDefined();
  });
});

describe('a push that touches a protected file', () => {
  const scope: TreeScope = {
    writable: () => true,
    protectedBy: bare.against,
    mayDelete: true,
    words: '**',
  };
  const push = (path: string, parents: string[], newMode?: string): PushFacts => ({
    tip: 'c',
    acceptedAny: true,
    commits: [
      {
        oid: 'c',
        parents,
        tree: 'd',
        accepted: ['a'],
        conflicts: ['Makefile'],
        changes: [{ path, oldMode: '100644', ...(newMode === undefined ? {} : { newMode }) }],
        oddities: [],
        twins: [],
      },
    ],
  });

  it('is refused as protected, with the tool, by commits, merges and deletions alike; never as outside', () => {
    for (const facts of [
      push('a/GNUmakefile', ['a'], '100644'),
      push('a/GNUmakefile', ['a', 'b'], '100644'),
      push('a/GNUmakefile', ['a']),
    ]) {
      const found = frameReasons(facts, scope);
      expect(found.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
        'frame.conflict Makefile',
        'scope.protected a/GNUmakefile',
      ]);
      for (const { found: words } of found) expect(words).toMatch(/protected, read by make$/);
      expect(found.map(({ found: words }) => words).join()).not.toContain('outside');
      const [, beyond] = frameReasons(facts, { ...scope, writable: () => false, words: 'src/**' });
      expect(beyond?.found).toMatch(/protected, read by make, and not in src\/\*\*$/);
      expect(beyond?.code).not.toBe('scope.protected');
      expect(found[1]?.rule).toContain('protected; a person names it under `unprotect`');
    }
  });
});
