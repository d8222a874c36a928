import { type SteeredTool, tool } from './tool.ts';

/** Test runners and coverage. */
export const testTools: readonly SteeredTool[] = [
  tool(
    'vitest',
    'vitest.dev/config',
    'vitest.config.* vitest.workspace.* vitest.*.config.* vitest.projects.* vite.config.*',
  ),
  tool(
    'jest',
    'jestjs.io/docs/configuration',
    'jest.config* jest.setup* jest.preset* jest.*.js jest.*.ts jest.*.*js jest.json jest-*.json jest-*.js jest-*.ts',
  ),
  tool('mocha', 'mochajs.org/next/running/configuring', '.mocharc* mocha.opts .mocha.*'),
  tool('ava', 'github.com/avajs/ava/blob/main/docs/06-configuration.md', 'ava.config.* *.ava.config.*'),
  tool('tap', 'node-tap.org/config', '.taprc* .tap/**'),
  tool(
    'karma',
    'karma-runner.github.io/latest/config/configuration-file.html',
    'karma.conf* karma.config.* karma.*.js',
  ),
  tool(
    'jasmine',
    'jasmine.github.io/setup/nodejs.html',
    'jasmine.json jasmine.*.json jasmine.config.* jasmine.mjs',
  ),
  tool(
    'cypress',
    'docs.cypress.io/app/references/configuration',
    'cypress.config.* cypress.json cypress.env.json cypress/support/** cypress/plugins/**',
  ),
  tool(
    'playwright',
    'playwright.dev/docs/test-configuration',
    'playwright.config.* playwright.*.config.* playwright-*.config.*',
  ),
  tool('webdriverio', 'webdriver.io/docs/configurationfile', 'wdio.conf.* wdio.*.conf.*'),
  tool(
    'nightwatch',
    'nightwatchjs.org/guide/configuration/overview.html',
    'nightwatch.json nightwatch.conf.*',
  ),
  tool('testcafe', 'testcafe.io/documentation/402638/reference/configuration-file', '.testcaferc*'),
  tool(
    'web-test-runner',
    'modern-web.dev/docs/test-runner/cli-and-configuration',
    'web-test-runner.config.* web-dev-server.config.*',
  ),
  tool('storybook', 'storybook.js.org/docs/configure', '.storybook/**'),
  tool(
    'stryker',
    'stryker-mutator.io/docs/stryker-js/config-file',
    'stryker.conf.* stryker.config.* .stryker.conf.* stryker-config.json',
  ),
  tool(
    'cucumber',
    'github.com/cucumber/cucumber-js/blob/main/docs/configuration.md',
    'cucumber.js cucumber.*js cucumber.json cucumber.y*ml .cucumber.*',
  ),
  tool('codecept', 'codecept.io/configuration', 'codecept.conf.* codeception*.yml'),
  tool('c8', 'github.com/bcoe/c8#cli-options--configuration', '.c8rc* c8.config.*'),
  tool('nyc', 'github.com/istanbuljs/nyc#configuring-nyc', '.nycrc* nyc.config.* .istanbul.*'),
  tool(
    'pytest',
    'docs.pytest.org/en/stable/reference/customize.html',
    `pytest.ini .pytest.ini pytest.toml .pytest.toml conftest.py tox.ini setup.cfg pyproject.toml pytest.py pytest/__init__.py
     _pytest/** unittest.py unittest/__init__.py doctest.py`,
  ),
  tool('tox', 'tox.wiki/en/latest/config.html', 'tox.ini tox.toml setup.cfg pyproject.toml'),
  tool('nox', 'nox.thea.codes/en/stable/config.html', 'noxfile.py'),
  tool(
    'coverage.py',
    'coverage.readthedocs.io/en/latest/config.html',
    '.coveragerc .coveragerc.* coverage.py coverage/__init__.py coverage/__main__.py',
  ),
  tool(
    'robot',
    'robotframework.org/robotframework/latest/RobotFrameworkUserGuide.html',
    'robot.toml .robot.toml robot.yaml',
  ),
  tool(
    'rspec',
    'rspec.info/features/3-13/rspec-core/configuration/read-options-from-file',
    '.rspec .rspec-local spec_helper.rb rails_helper.rb test_helper.rb .simplecov guardfile .minitest*',
  ),
  tool(
    'phpunit',
    'docs.phpunit.de/en/12.4/configuration.html',
    'phpunit.xml* phpunit.*.xml* .phpunit.xml* phpunit.php pest.php behat.yml* behat.php infection.json* paratest.xml*',
  ),
  tool(
    'junit',
    'docs.junit.org/current/user-guide/#running-tests-config-params',
    'junit-platform.properties testng*.xml testcontainers.properties .testcontainers.properties',
  ),
  tool(
    'mstest',
    'learn.microsoft.com/visualstudio/test/configure-unit-tests-by-using-a-dot-runsettings-file',
    '*.runsettings testconfig.json *.testconfig.json xunit.runner.json *.xunit.runner.json coverlet.json',
  ),
  tool('exunit', 'hexdocs.pm/ex_unit/ExUnit.html', 'test_helper.exs coveralls.json'),
  tool('bats', 'bats-core.readthedocs.io/en/stable/usage.html', 'setup_suite.bash .batsrc'),
  tool('gcovr', 'gcovr.com/en/stable/reference/config_file.html', 'gcovr.cfg gcovr.toml .lcovrc lcovrc'),
  tool(
    'codecov',
    'docs.codecov.com/docs/codecov-yaml',
    'codecov.yml codecov.yaml .codecov.yml .codecov.yaml .coveralls.yml',
  ),
];
