import { type SteeredTool, tool } from './tool.ts';

/**
 * Package managers and runtimes. A file that several of them read stands with each: naming one of them opens
 * the file.
 */
export const packageTools: readonly SteeredTool[] = [
  tool(
    'npm',
    'docs.npmjs.com/cli/configuring-npm',
    'package.json package-lock.json npm-shrinkwrap.json .npmrc .npmignore',
  ),
  tool(
    'yarn',
    'yarnpkg.com/configuration/yarnrc',
    'package.json yarn.lock .yarnrc .yarnrc.* .yarn/** .pnp.* yarn.config.*',
  ),
  tool(
    'pnpm',
    'pnpm.io/configuring',
    'package.json package.json5 package.yaml pnpm-lock.yaml pnpm-workspace.yaml .pnpmfile.* pnpmfile.* .npmrc .pnpmrc',
  ),
  tool(
    'bun',
    'bun.com/docs/runtime/bunfig',
    'package.json bun.lock bun.lockb bunfig.toml .bunfig.toml .npmrc',
  ),
  tool(
    'deno',
    'docs.deno.com/runtime/fundamentals/configuration',
    'deno.json deno.jsonc deno.lock import_map.json',
  ),
  tool(
    'node',
    'nodejs.org/api/packages.html',
    'package.json .node-version .nvmrc node.config.json node_modules/**',
  ),
  tool('bower', 'bower.io/docs/config', 'bower.json .bowerrc'),
  tool(
    'python',
    'packaging.python.org/en/latest/guides/writing-pyproject-toml',
    `pyproject.toml setup.py setup.cfg manifest.in requirements*.txt requirements*.in requirements/*.txt requirements/*.in
     constraints*.txt pip.conf .python-version .python-versions pyvenv.cfg .pypirc sitecustomize.py usercustomize.py *.pth
     environment.yml environment.yaml`,
  ),
  tool('pipenv', 'pipenv.pypa.io/en/latest/pipfile.html', 'pipfile pipfile.lock'),
  tool('poetry', 'python-poetry.org/docs/configuration', 'pyproject.toml poetry.lock poetry.toml'),
  tool(
    'uv',
    'docs.astral.sh/uv/concepts/configuration-files',
    'pyproject.toml uv.lock uv.toml .python-version',
  ),
  tool(
    'pdm',
    'pdm-project.org/en/latest/usage/config',
    'pyproject.toml pdm.lock pdm.*.lock pdm.toml .pdm-python pylock.toml pylock.*.toml',
  ),
  tool('hatch', 'hatch.pypa.io/latest/config/metadata', 'pyproject.toml hatch.toml hatch_build.py'),
  tool('pixi', 'pixi.sh/latest/reference/pixi_manifest', 'pyproject.toml pixi.toml pixi.lock conda-lock.yml'),
  tool('go', 'go.dev/ref/mod', 'go.mod go.sum go.work go.work.sum go.env .go-version vendor/modules.txt'),
  tool(
    'cargo',
    'doc.rust-lang.org/cargo/reference/config.html',
    `cargo.toml cargo.lock build.rs .cargo/** rust-toolchain rust-toolchain.toml .config/nextest.toml tarpaulin.toml
     .tarpaulin.toml cross.toml`,
  ),
  tool(
    'bundler',
    'bundler.io/guides/gemfile.html',
    'gemfile gemfile.* *.gemfile gems.rb gems.locked *.gemspec .ruby-version .ruby-gemset .bundle/** appraisals .irbrc',
  ),
  tool(
    'composer',
    'getcomposer.org/doc/04-schema.md',
    'composer.json composer.lock auth.json php.ini .user.ini .php-version vendor/autoload.php vendor/composer/** vendor/bin/**',
  ),
  tool(
    'dotnet',
    'learn.microsoft.com/visualstudio/msbuild/customize-by-directory',
    `*.csproj *.fsproj *.vbproj *.proj *.sln *.slnx *.slnf *.props *.targets *.rsp global.json nuget.config packages.config
     packages.lock.json dotnet-tools.json *.globalconfig *.ruleset paket.* *.cake .nuke/**`,
  ),
  tool('elixir', 'hexdocs.pm/mix/Mix.html', 'mix.exs mix.lock config/*.exs .formatter.exs .iex.exs'),
  tool('rebar', 'rebar3.org/docs/configuration', 'rebar.config* rebar.lock'),
  tool(
    'haskell',
    'cabal.readthedocs.io/en/stable',
    '*.cabal cabal.project* stack.yaml* package.yaml setup.hs setup.lhs',
  ),
  tool(
    'ocaml',
    'dune.readthedocs.io/en/stable',
    'dune dune-project dune-workspace dune.inc *.opam *.opam.locked',
  ),
  tool(
    'dart',
    'dart.dev/tools/pub/pubspec',
    'pubspec.yaml pubspec.lock pubspec_overrides.yaml build.yaml dart_test.yaml flutter_test_config.dart analysis_options.yaml',
  ),
  tool(
    'swift',
    'docs.swift.org/package-manager',
    'package.swift package@swift-*.swift package.resolved .swift-version .swiftpm/**',
  ),
  tool('zig', 'ziglang.org/learn/build-system', 'build.zig build.zig.zon'),
  tool('nim', 'nim-lang.github.io/nimble', '*.nimble nim.cfg *.nim.cfg *.nims nimble.lock'),
  tool('crystal', 'crystal-lang.org/reference/latest/man/shards', 'shard.yml shard.lock shard.override.yml'),
  tool(
    'julia',
    'pkgdocs.julialang.org/v1/toml-files',
    'project.toml manifest.toml juliaproject.toml juliamanifest.toml',
  ),
  tool('r', 'rstudio.github.io/renv', 'description renv.lock .rprofile .renviron'),
  tool(
    'perl',
    'metacpan.org/dist/Module-CPANfile/view/lib/cpanfile.pod',
    'cpanfile cpanfile.snapshot makefile.pl build.pl dist.ini .proverc',
  ),
  tool('lua', 'github.com/luarocks/luarocks/wiki/Rockspec-format', '*.rockspec .luacov .busted'),
  tool('conan', 'docs.conan.io/2/reference/conanfile.html', 'conanfile.* conan.lock'),
  tool('vcpkg', 'learn.microsoft.com/vcpkg/reference/vcpkg-json', 'vcpkg.json vcpkg-configuration.json'),
  tool(
    'terraform',
    'developer.hashicorp.com/terraform/language/files/dependency-lock',
    '.terraform.lock.hcl .terraformrc terraform.rc .terraform-version',
  ),
];
