import { type SteeredTool, tool } from './tool.ts';

/** Type checkers, linters, formatters and scanners. */
export const judgeTools: readonly SteeredTool[] = [
  tool(
    'typescript',
    'www.typescriptlang.org/docs/handbook/tsconfig-json.html',
    'tsconfig*.json jsconfig*.json',
  ),
  tool('flow', 'flow.org/en/docs/config', '.flowconfig'),
  tool(
    'mypy',
    'mypy.readthedocs.io/en/stable/config_file.html',
    'mypy.ini .mypy.ini setup.cfg pyproject.toml',
  ),
  tool(
    'pyright',
    'microsoft.github.io/pyright/#/configuration',
    'pyrightconfig.json basedpyrightconfig.json .pyre_configuration* pyrefly.toml ty.toml .pytype.cfg',
  ),
  tool(
    'eslint',
    'eslint.org/docs/latest/use/configure/configuration-files',
    'eslint.config.* .eslintrc* .eslintignore',
  ),
  tool('prettier', 'prettier.io/docs/configuration', '.prettierrc* prettier.config.* .prettierignore'),
  tool(
    'biome',
    'biomejs.dev/reference/configuration',
    'biome.json biome.jsonc .biome.json .biome.jsonc rome.json .biomeignore',
  ),
  tool(
    'oxlint',
    'oxc.rs/docs/guide/usage/linter/config',
    '.oxlintrc* oxlint.config.* oxlint.json .oxlintignore .oxfmtrc* oxfmt.config.*',
  ),
  tool('stylelint', 'stylelint.io/user-guide/configure', '.stylelintrc* stylelint.config.* .stylelintignore'),
  tool('xo', 'github.com/xojs/xo#config', '.xo-config* xo.config.*'),
  tool(
    'tslint',
    'palantir.github.io/tslint/usage/configuration',
    'tslint.json tslint.yaml tslint.yml tslint.*.json',
  ),
  tool('dprint', 'dprint.dev/config', 'dprint.json dprint.jsonc .dprint.json .dprint.jsonc'),
  tool(
    'knip',
    'knip.dev/reference/configuration',
    'knip.* .knip.* .depcheckrc* .dependency-cruiser.* .madgerc',
  ),
  tool(
    'size-limit',
    'github.com/ai/size-limit#config',
    '.size-limit* bundlesize.config.json lighthouserc.* .lighthouserc.*',
  ),
  tool(
    'api-extractor',
    'api-extractor.com/pages/setup/configure_api_report',
    'api-extractor*.json typedoc.* .attw.json .publintrc*',
  ),
  tool('ruff', 'docs.astral.sh/ruff/configuration', 'ruff.toml .ruff.toml pyproject.toml'),
  tool(
    'flake8',
    'flake8.pycqa.org/en/latest/user/configuration.html',
    '.flake8 setup.cfg tox.ini .pycodestyle .pydocstyle* .isort.cfg .bandit bandit.yaml .style.yapf .importlinter .vulture*',
  ),
  tool(
    'pylint',
    'pylint.readthedocs.io/en/stable/user_guide/configuration/all-options.html',
    'pylintrc .pylintrc pylintrc.toml .pylintrc.toml',
  ),
  tool(
    'golangci',
    'golangci-lint.run/docs/configuration/file',
    '.golangci.* staticcheck.conf revive.toml .golangci-lint*',
  ),
  tool(
    'clippy',
    'doc.rust-lang.org/clippy/configuration.html',
    'clippy.toml .clippy.toml rustfmt.toml .rustfmt.toml deny.toml .cargo-deny.toml',
  ),
  tool(
    'rubocop',
    'docs.rubocop.org/rubocop/configuration.html',
    '.rubocop* .standard.yml .standard_todo.yml .reek.yml sorbet/config .haml-lint.yml .erb_lint.yml',
  ),
  tool(
    'phpstan',
    'phpstan.org/config-reference',
    'phpstan*.neon* phpstan*.php psalm*.xml* .php-cs-fixer* .php_cs* phpcs.xml* .phpcs.xml* phpmd.xml rector.php ecs.php pint.json',
  ),
  tool(
    'checkstyle',
    'checkstyle.org/config.html',
    'checkstyle*.xml checkstyle*.properties pmd*.xml spotbugs*.xml findbugs*.xml detekt*.yml lint.xml .ktlint*',
  ),
  tool(
    'clang',
    'clang.llvm.org/extra/clang-tidy',
    '.clang-tidy .clang-format .clang-format-ignore .clangd compile_flags.txt compile_commands.json cppcheck*.xml',
  ),
  tool('swiftlint', 'realm.github.io/SwiftLint', '.swiftlint.yml .swiftlint*.yml .swiftformat .swift-format'),
  tool('credo', 'hexdocs.pm/credo/config_file.html', '.credo.exs .dialyzer_ignore.exs .sobelow-conf'),
  tool(
    'hlint',
    'github.com/ndmitchell/hlint#customizing-the-hints',
    '.hlint.yaml hie.yaml weeder.toml fourmolu.yaml',
  ),
  tool(
    'luacheck',
    'luacheck.readthedocs.io/en/stable/config.html',
    '.luacheckrc .luarc.json .luarc.jsonc selene.toml .selene.toml stylua.toml .stylua.toml',
  ),
  tool('shellcheck', 'www.shellcheck.net/wiki/Directive', '.shellcheckrc shellcheckrc'),
  tool('lintr', 'lintr.r-lib.org/articles/lintr.html', '.lintr .perlcriticrc .perltidyrc'),
  tool('hadolint', 'github.com/hadolint/hadolint#configure', '.hadolint.* hadolint.*'),
  tool(
    'markdownlint',
    'github.com/DavidAnson/markdownlint-cli2#configuration',
    '.markdownlint* .mdlrc .remarkrc* .remarkignore .vale.ini _vale.ini .textlintrc* .textlintignore .mdformat.toml',
  ),
  tool(
    'yamllint',
    'yamllint.readthedocs.io/en/stable/configuration.html',
    '.yamllint* .spectral.* .redocly.* redocly.yaml .taplo.toml taplo.toml',
  ),
  tool(
    'cspell',
    'cspell.org/docs/Configuration',
    'cspell.* .cspell* typos.toml _typos.toml .typos.toml .codespellrc',
  ),
  tool(
    'commitlint',
    'commitlint.js.org/reference/configuration.html',
    'commitlint.config.* .commitlintrc* .gitlint',
  ),
  tool(
    'lint-staged',
    'github.com/lint-staged/lint-staged#configuration',
    '.lintstagedrc* lint-staged.config.*',
  ),
  tool(
    'megalinter',
    'megalinter.io/latest/config-file',
    '.mega-linter.yml .ls-lint.yml .super-linter* trunk.yaml .trunk/**',
  ),
  tool(
    'tflint',
    'github.com/terraform-linters/tflint/blob/master/docs/user-guide/config.md',
    '.tflint.hcl .checkov.y*ml .tfsec/** .tfsec.y*ml',
  ),
  tool('semgrep', 'semgrep.dev/docs/ignoring-files-folders-code', '.semgrep* .semgrep/** .semgrepignore'),
  tool(
    'gitleaks',
    'github.com/gitleaks/gitleaks#configuration',
    '.gitleaks* .trufflehog* .secretlintrc* .secretlintignore .secrets.baseline',
  ),
  tool(
    'trivy',
    'trivy.dev/latest/docs/configuration',
    'trivy.yaml .trivyignore* .grype.yaml .snyk .nsprc audit-ci.json* osv-scanner.toml .osv-scanner.toml',
  ),
  tool(
    'sonar',
    'docs.sonarsource.com/sonarqube-server/analyzing-source-code/analysis-parameters',
    'sonar-project.properties .sonarcloud.properties sonarlint.json .codeclimate.* .codacy.* .deepsource.toml qodana.yaml',
  ),
];
