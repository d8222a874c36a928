/** Settings of every git that Andon starts; they come from the environment and override a repository's. */
const alwaysConfig: Readonly<Record<string, string>> = {
  // git fsyncs no loose object by default; an acknowledged push must survive power loss.
  'core.fsync': 'all',
  'core.fsmonitor': 'false',
  'core.hooksPath': '/dev/null',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.attributesFile': '/dev/null',
  // Maintenance runs at Andon's request, never as a detached child of a push.
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'receive.autogc': 'false',
  // Merges must not depend on a version's defaults.
  'merge.renames': 'true',
  'merge.directoryRenames': 'conflict',
};

/** Settings as the environment variables that git reads them from (git-config: GIT_CONFIG_COUNT). */
export function configEnvironment(config: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env: Record<string, string> = {};
  const rows = Object.entries({ ...alwaysConfig, ...config });
  rows.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  env.GIT_CONFIG_COUNT = String(rows.length);
  return env;
}

/** The environment of every git child, built from nothing: no HOME, no global or system settings, no prompt. */
export function gitEnvironment(path: string): Record<string, string> {
  return {
    PATH: path,
    HOME: '/nonexistent',
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    // With a replace ref, the judged tree would not be the tree that lands.
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
}
