import { BlockList, isIP } from 'node:net';
import { type Reason, reason } from '../lib/decision.ts';

/** Hosts that the operator allowed although they are private or speak plain http: `localhost:9000`, `hooks.lan`. */
export type AllowedHosts = readonly string[];

const blocked = new BlockList();
// Addresses of this machine, of this network, or of no particular host (IANA special-purpose registries).
const networks4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';
const networks6 =
  '::/128 ::1/128 ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8';
for (const [list, family] of [
  [networks4, 'ipv4'],
  [networks6, 'ipv6'],
] as const) {
  for (const network of list.split(' ')) {
    const [address = '', bits = ''] = network.split('/');
    blocked.addSubnet(address, Number(bits), family);
  }
}

/** True for an address of the public internet. An IPv4 address inside an IPv6 one is judged as the IPv4 address. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !blocked.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** A URL that a webhook may be sent to. */
export interface WebhookTarget {
  readonly url: URL;
  /** True when the operator allowed this host and port, wherever its name resolves to. */
  readonly isAllowed: boolean;
}

/**
 * The target of a webhook, or the reason in words that the text is none. Names are resolved later, and their
 * addresses judged then.
 */
export function targetOf(text: string, allowed: AllowedHosts): WebhookTarget | Reason {
  const refused = (found: string): Reason => reason('trigger.target', text.slice(0, 200), { found });
  if (!URL.canParse(text)) return refused('no URL');
  const url = new URL(text);
  const fault = schemeFault(url);
  if (fault !== undefined) return refused(fault);
  const isAllowed = allowed.includes(url.host) || allowed.includes(url.hostname);
  const inside = isAllowed ? undefined : insideFault(url);
  return inside === undefined ? { url, isAllowed } : refused(inside);
}

function schemeFault({ username, password, protocol }: URL): string | undefined {
  if (username !== '' || password !== '') return 'a password in the URL';
  return protocol === 'https:' || protocol === 'http:' ? undefined : protocol;
}

/**
 * The reason why a host without the operator's permission is refused: plain http, or an address or name
 * inside a private network.
 */
function insideFault({ protocol, hostname }: URL): string | undefined {
  if (protocol !== 'https:') return protocol;
  const name = hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) return isPublic(name) ? undefined : name;
  return /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(name) ? name : undefined;
}
