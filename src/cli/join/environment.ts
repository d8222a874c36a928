import { directTo } from '../../git/loopback-remote.ts';

/** A line of a POSIX shell that sets a variable. */
export interface Setting {
  readonly name: string;
  /** The text behind the `=`, quoted. */
  readonly value: string;
}

/** Quotes any text as one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The gateway, project and token that an agent joins with. */
export interface JoinTarget {
  readonly url: string;
  readonly project: string;
  readonly tokenFile: string | undefined;
  /** The key that the gateway proves, if it is known. */
  readonly gatewayKey: string | undefined;
}

/**
 * The environment of an agent: the gateway, the token by its file, and git's credentials in the form that
 * leaves nothing on disk. No setting holds the token itself: the shell, and git for each request, read the
 * file.
 */
export function settings({ url, project, tokenFile, gatewayKey }: JoinTarget): Setting[] {
  const direct = directTo(url).map(([key, value]) => [key, quoted(value)] as const);
  const base = [
    { name: 'ANDON_URL', value: quoted(url) },
    { name: 'ANDON_PROJECT', value: quoted(project) },
    ...(gatewayKey === undefined ? [] : [{ name: 'ANDON_GATEWAY_KEY', value: quoted(gatewayKey) }]),
  ];
  return tokenFile === undefined
    ? [
        ...base,
        ...gitSettings([[`http.${url}/.extraHeader`, '"Authorization: Bearer $ANDON_TOKEN"'], ...direct]),
      ]
    : [
        ...base,
        { name: 'ANDON_TOKEN_FILE', value: quoted(tokenFile) },
        { name: 'ANDON_TOKEN', value: `"$(cat ${quoted(tokenFile)})"` },
        ...gitSettings([
          // An empty helper overrides those of the user, which would store the token.
          [`credential.${url}.helper`, "''"],
          [`credential.${url}.helper`, quoted(fileHelper)],
          ...direct,
        ]),
      ];
}

const fileHelper = '!f() { echo username=andon; echo "password=$(cat "$ANDON_TOKEN_FILE")"; }; f';

function gitSettings(pairs: readonly (readonly [string, string])[]): Setting[] {
  return [
    { name: 'GIT_CONFIG_COUNT', value: String(pairs.length) },
    ...pairs.flatMap(([key, value], at) => [
      { name: `GIT_CONFIG_KEY_${at}`, value: quoted(key) },
      { name: `GIT_CONFIG_VALUE_${at}`, value },
    ]),
  ];
}

/** The line of a POSIX shell that exports a setting. */
export const exportLine = ({ name, value }: Setting): string => `export ${name}=${value}`;
