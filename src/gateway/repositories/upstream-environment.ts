/** The variables of the operator's environment by which git reaches upstream remotes as the operator does. */
export function upstreamEnvironment(): Record<string, string> {
  const names = [
    'HOME',
    'XDG_CONFIG_HOME',
    'SSH_AUTH_SOCK',
    'GIT_SSH_COMMAND',
    'GIT_ASKPASS',
    'HTTPS_PROXY',
    'https_proxy',
  ];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])),
  );
}
