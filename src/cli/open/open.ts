import { setTimeout as sleep } from 'node:timers/promises';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import type { Answer, Run } from '../command.ts';
import { boundProject, type GatewayLink } from '../connect.ts';
import { browserHere, openByFile } from './browser.ts';
import { makeCode } from './code.ts';

/** Options of `andon open`. */
export interface OpenOptions {
  readonly readOnly?: boolean;
  readonly for?: number;
  readonly origin?: string;
  readonly browser?: boolean;
}

const waitsMs = 10_000;
const looksMs = 500;

/** The project that the session of a token is for: `*` for a grant on every project. */
export const sessionProject = async (link: GatewayLink): Promise<string> =>
  boundProject(await link.token()) ?? '*';

function originOf(address: string): string {
  if (URL.canParse(address)) return new URL(address).origin;
  throw fail('cli.usage', '--origin', { found: address, limit: 'an address such as http://127.0.0.1:8000' });
}

/** Opens the page in the browser here, or tells its address and code where no browser is, or none comes. */
export async function openPage({ link, options, world, terminal }: Run<OpenOptions>): Promise<Answer> {
  const gateway = await link();
  const { client } = gateway;
  const own = new URL(gateway.url).origin;
  const origin = originOf(options.origin ?? own);
  const project = await sessionProject(gateway);
  const code = makeCode();
  const { expires, lifeSeconds } = await client.page.code.mutate({
    ...{ project, ...code.hashes, origin, tunnel: origin !== own, readOnly: options.readOnly === true },
    ...defined({ forSeconds: options.for }),
  });
  const key = (await gateway.gatewayKey())?.replace('SHA256:', '');
  const url = `${origin}/#${code.code}${key === undefined ? '' : `.${key}`}`;
  const told: Answer = {
    data: { url, origin, code: code.typed, expires, lifeSeconds },
    lines: [url],
    talk: [`or open ${origin} and type ${code.typed}; either works once, for a minute`],
  };
  const program = options.browser === false ? undefined : await browserHere(world.env);
  if (program === undefined || terminal.json) return told;
  const remove = await openByFile(program, url, world.env);
  try {
    if (!(await came(client, project, expires))) return told;
  } finally {
    await remove();
  }
  return { data: { origin, opened: true, lifeSeconds }, lines: [`opened ${origin} in your browser`] };
}

/** True once a session was opened by the code; false when none was within ten seconds. */
async function came(client: GatewayLink['client'], project: string, expires: string): Promise<boolean> {
  const since = new Date(new Date(expires).getTime() - 60_000).toISOString();
  for (let waited = 0; waited < waitsMs; waited += looksMs) {
    await sleep(looksMs);
    const sessions = await client.page.sessions.query({ project });
    if (sessions.some(({ createdAt }) => createdAt >= since)) return true;
  }
  return false;
}
