import { readFile } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { resolve } from 'node:path';
import type { Client } from '../client.ts';
import { type AgentFetch, createAgentFetch } from '../gateway/proof/agent-fetch.ts';
import { createProvingAgent } from '../gateway/proof/proving-agent.ts';
import { fail } from '../lib/errors.ts';
import { findGateway, type GatewayFile } from './gateway-file.ts';
import { pinOf } from './pin.ts';
import type { Environment, World } from './world.ts';

/** A gateway with a token and a project, for most commands. */
export interface GatewayLink {
  readonly url: string;
  readonly client: Client;
  /** The project by option, environment, folder or token. Errors: `cli.usage`. */
  readonly project: string;
  /** The project, or undefined when none is known. */
  readonly projectIfAny: string | undefined;
  token(): Promise<string>;
  /** The file of the token, when it comes from one. */
  readonly tokenFile: string | undefined;
  /** `fetch` over connections whose listener has proved the key of the gateway. Errors: `gateway.unproved`. */
  readonly fetch: AgentFetch;
  /** The agent of those connections, for code that speaks HTTP by itself. */
  readonly agent: Agent;
  /**
   * The key of the gateway; undefined over https, and for a gateway with a new key before a first connection
   * has shown the key.
   */
  gatewayKey(): Promise<string | undefined>;
}

/** Options that name a gateway, token and project. */
export interface LinkOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly project?: string;
}

type GivenFlags = {
  readonly url: string;
  readonly file: GatewayFile | undefined;
  readonly isNamed: boolean;
};

/**
 * Finds the gateway: `--url`, ANDON_URL, else the nearest `.andon/gateway.json`. The token of that file goes
 * to the gateway of that file only. Errors: `gateway.unreachable` when there is none, `cli.usage` without a
 * token.
 */
export async function connect(options: LinkOptions, world: World): Promise<GatewayLink> {
  const { url, file, isNamed } = await whereTo(options, world);
  const source = tokenSource(options, world, file);
  const tokenFile = source.kind === 'file' ? source.path : undefined;
  const pin = pinOf({ url, file, tokenFile, isNamed }, world);
  const agent = createProvingAgent(url, pin);
  const fetch = createAgentFetch(agent);
  const token = (): Promise<string> => readToken(source);
  const { createClient } = await import('../client.ts');
  const projectIfAny = await projectOf(options, world.env, file, token);
  return {
    url,
    client: createClient({ url, token, fetch }),
    token,
    tokenFile,
    fetch,
    agent,
    gatewayKey: async () => (url.startsWith('https:') ? undefined : pin.key()),
    projectIfAny,
    get project() {
      if (projectIfAny !== undefined) return projectIfAny;
      throw fail('cli.usage', 'project', { found: 'none', next: 'pass --project, or set ANDON_PROJECT' });
    },
  };
}

async function whereTo(options: LinkOptions, world: World): Promise<GivenFlags> {
  const named = options.url ?? (world.env.ANDON_URL || undefined);
  if (named !== undefined) {
    const url = plainUrl(named);
    // The URL may be the address of the folder's own gateway: then the folder tells the project.
    const file = await findGateway(world).catch(() => undefined);
    return { url, file: file?.url === url ? file : undefined, isNamed: true };
  }
  const file = await findGateway(world);
  if (file !== undefined) return { url: file.url, file, isNamed: false };
  throw fail('gateway.unreachable', world.cwd, { found: 'neither ANDON_URL nor a gateway of this folder' });
}

function plainUrl(text: string): string {
  // Over http `localhost` names several addresses; a gateway proves the one that it listens on.
  const exact = text.replace(/^http:\/\/localhost(?=[:/]|$)/i, 'http://127.0.0.1');
  if (/^https?:\/\//.test(exact) && URL.canParse(exact)) return exact.replace(/\/+$/, '');
  throw fail('cli.usage', text, {
    found: 'no URL of a gateway',
    limit: 'http://… or https://…',
    next: 'mend ANDON_URL or --url',
  });
}

type TokenSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string };

function tokenSource(
  { tokenFile }: LinkOptions,
  { env, cwd }: World,
  file: GatewayFile | undefined,
): TokenSource {
  if (tokenFile !== undefined) return { kind: 'file', path: resolve(cwd, tokenFile) };
  if (env.ANDON_TOKEN) return { kind: 'text', text: env.ANDON_TOKEN.trim() };
  if (env.ANDON_TOKEN_FILE) return { kind: 'file', path: resolve(cwd, env.ANDON_TOKEN_FILE) };
  if (file !== undefined) return { kind: 'file', path: file.tokenFile };
  throw fail('cli.usage', 'token', { found: 'none', next: 'set ANDON_TOKEN_FILE, or pass --token-file' });
}

// The file is read anew for every request, so that a renewed token is used at once.
async function readToken(source: TokenSource): Promise<string> {
  if (source.kind === 'text') return source.text;
  try {
    return (await readFile(source.path, 'utf8')).trim();
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw fail(
      'cli.usage',
      source.path,
      { found: code, next: 'name a file that andon token mint wrote' },
      error,
    );
  }
}

async function projectOf(
  options: LinkOptions,
  env: Environment,
  file: GatewayFile | undefined,
  token: () => Promise<string>,
): Promise<string | undefined> {
  return options.project ?? (env.ANDON_PROJECT || undefined) ?? file?.project ?? boundProject(await token());
}

/** The project that a token is good for. Only a hint for the request: the gateway verifies the token. */
export function boundProject(token: string): string | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { cap } = JSON.parse(payload) as { cap?: { project?: unknown } };
    return typeof cap?.project === 'string' && cap.project !== '*' ? cap.project : undefined;
  } catch {
    return undefined;
  }
}
