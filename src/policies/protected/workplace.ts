import { type SteeredTool, tool } from './tool.ts';

/** git and its hooks, the environment, editors, agents, and Andon itself. */
export const workplaceTools: readonly SteeredTool[] = [
  { name: 'andon', docs: 'docs/plan.md, Protected files', files: ['andon.yaml', 'andon.yml', '.andon/**'] },
  { name: 'andon-decisions', docs: 'docs/memory.md, Decisions as files', files: ['docs/decisions/*.md'] },
  tool(
    'git',
    'git-scm.com/docs/gitattributes',
    '.gitattributes .gitmodules .gitignore .gitconfig .lfsconfig .ignore .rgignore',
  ),
  tool(
    'githooks',
    'git-scm.com/docs/githooks',
    '.githooks/** .git-hooks/** githooks/** .overcommit.yml .simple-git-hooks.* simple-git-hooks.*',
  ),
  tool('husky', 'typicode.github.io/husky', '.husky/** .huskyrc*'),
  tool('pre-commit', 'pre-commit.com', '.pre-commit-config.* .pre-commit-hooks.yaml prek.toml'),
  tool(
    'lefthook',
    'lefthook.dev/configuration',
    'lefthook.* .lefthook.* lefthook-local.* .lefthook-local.* .lefthook/** .lefthook-local/**',
  ),
  tool('direnv', 'direnv.net/man/direnv.1.html', '.envrc'),
  tool('dotenv', 'github.com/motdotla/dotenv', '.env .env.* .flaskenv'),
  tool('asdf', 'asdf-vm.com/manage/configuration.html', '.tool-versions .asdfrc'),
  tool(
    'mise',
    'mise.jdx.dev/configuration.html',
    'mise.toml mise.*.toml .mise.toml .mise.*.toml mise.lock mise/** .mise/** .config/mise.toml .config/mise/** .rtx.toml',
  ),
  tool('proto', 'moonrepo.dev/docs/proto/config', '.prototools .prototools.*'),
  tool('sdkman', 'sdkman.io/usage', '.sdkmanrc .java-version .jabbarc'),
  tool(
    'devbox',
    'www.jetify.com/docs/devbox/configuration',
    'devbox.json devbox.lock devenv.yaml devenv.lock brewfile brewfile.lock.json',
  ),
  tool('vscode', 'code.visualstudio.com/docs/configure/settings', '.vscode/** *.code-workspace'),
  tool(
    'jetbrains',
    'www.jetbrains.com/help/idea/creating-and-managing-projects.html',
    '.idea/** *.iml *.ipr .fleet/** .run/**',
  ),
  tool('editorconfig', 'spec.editorconfig.org', '.editorconfig'),
  tool('vim', 'vimhelp.org/starting.txt.html', '.vimrc .exrc .nvimrc .nvim.lua .lvimrc'),
  tool(
    'emacs',
    'www.gnu.org/software/emacs/manual/html_node/emacs/Directory-Variables.html',
    '.dir-locals.el .dir-locals-2.el .projectile',
  ),
  tool('zed', 'zed.dev/docs/configuring-zed', '.zed/** .rules'),
  tool('eclipse', 'help.eclipse.org/latest/index.jsp', '.project .classpath .settings/** .factorypath'),
  tool(
    'agents',
    'agents.md',
    'agents.md agents.override.md agent.md .agents/** .agent/** .mcp.json mcp.json',
  ),
  tool(
    'claude',
    'code.claude.com/docs/en/settings',
    'claude.md claude.local.md .claude/** .claude.json .claudeignore .mcp.json .claude-plugin/**',
  ),
  tool(
    'codex',
    'developers.openai.com/codex/config-advanced',
    'agents.md agents.override.md .codex/** .codexignore',
  ),
  tool(
    'cursor',
    'cursor.com/docs/context/rules',
    '.cursor/** .cursorrules .cursorignore .cursorindexingignore',
  ),
  tool(
    'copilot',
    'docs.github.com/copilot/how-tos/configure-custom-instructions',
    'copilot-instructions.md .copilot/** .copilotignore',
  ),
  tool(
    'gemini',
    'geminicli.com/docs/reference/configuration',
    'gemini.md .gemini/** .geminiignore .aiexclude',
  ),
  tool(
    'windsurf',
    'docs.windsurf.com/windsurf/cascade/memories',
    '.windsurf/** .windsurfrules .codeium/** .codeiumignore',
  ),
  tool(
    'cline',
    'docs.cline.bot/customization/cline-rules',
    '.clinerules .clinerules/** .cline/** .clineignore',
  ),
  tool(
    'roo',
    'docs.roocode.com/features/custom-instructions',
    '.roo/** .roorules* .roomodes .rooignore .kilocode/** .kilocodemodes',
  ),
  tool('aider', 'aider.chat/docs/config/aider_conf.html', '.aider* .aider/**'),
  tool('continue', 'docs.continue.dev/reference', '.continue/** .continuerc.json .continueignore'),
  tool(
    'amazonq',
    'docs.aws.amazon.com/amazonq/latest/qdeveloper-ug/context-project-rules.html',
    '.amazonq/** .kiro/**',
  ),
  tool(
    'junie',
    'www.jetbrains.com/help/junie/customize-guidelines.html',
    '.junie/** .aiignore .aiassistant/**',
  ),
  tool('opencode', 'opencode.ai/docs/config', 'opencode.json* .opencode/** .opencode.json'),
  tool(
    'goose',
    'goose-docs.ai/docs/guides/context-engineering/using-goosehints',
    '.goosehints .gooseignore .goose/**',
  ),
  tool(
    'augment',
    'docs.augmentcode.com/setup-augment/guidelines',
    '.augment/** .augment-guidelines .augmentignore',
  ),
  tool('qwen', 'qwenlm.github.io/qwen-code-docs/en/users/configuration/settings', 'qwen.md .qwen/**'),
  tool(
    'other-agents',
    'agents.md/#examples',
    '.amp/** .factory/** .devin/** .trae/** .tabnine/** .jules/** .openhands/** .sourcegraph/** .crush* .crush/** crush.json crush.md warp.md .warp/** replit.md .replit .aider.conf.yml',
  ),
];
