import type { Capability, VerifiedToken } from './capability.ts';

/** Members of a capability by their short names: in tokens, in stored grants, and in messages from and to clients. */
const capabilityNames = { ops: 'actions', dops: 'delegable', w: 'write', r: 'read', x: 'deny' } as const;
const claimNames = { gid: 'grantId', lin: 'lineage', ep: 'epoch' } as const;

type CapabilityNames = typeof capabilityNames;
type ClaimNames = typeof claimNames;
type Inverse<Names extends Record<string, string>> = { [Short in keyof Names as Names[Short]]: Short };
type Renamed<Members, Names> = {
  [Name in keyof Members as Name extends keyof Names ? Names[Name] & string : Name]: Members[Name];
};

/** Members of a capability, or some of them, with whole names. */
export type FromWire<Members> = Renamed<Members, CapabilityNames>;

/** A capability in its signed, stored and shown form. */
export type WireCapability = Renamed<Capability, Inverse<CapabilityNames>>;

/** The payload of a token before it is signed. */
export type WireClaims = Renamed<Omit<VerifiedToken, 'kid' | 'cap'>, Inverse<ClaimNames>> & {
  readonly cap: WireCapability;
};

const capabilityLong: ReadonlyMap<string, string> = new Map(Object.entries(capabilityNames));
const claimLong: ReadonlyMap<string, string> = new Map(Object.entries(claimNames));
const inverse = (names: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...names].map(([short, long]) => [long, short]));
const capabilityShort = inverse(capabilityLong);
const claimShort = inverse(claimLong);

// Renames members. They keep their order, on which the bytes of a token depend; a member without another name
// is taken as it is.
const renamed = (members: object, names: ReadonlyMap<string, string>): object =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [names.get(name) ?? name, value]));

/** Renames the members that are there, so that a request stays as silent as it was. */
export const membersFromWire = <Members extends object>(members: Members): FromWire<Members> =>
  renamed(members, capabilityLong) as FromWire<Members>;

/** Reads a capability with short names. */
export const capabilityFromWire = (wire: WireCapability): Capability =>
  renamed(wire, capabilityLong) as Capability;

/** Writes a capability with short names. */
export const capabilityToWire = (cap: Capability): WireCapability =>
  renamed(cap, capabilityShort) as WireCapability;

/** Reads the payload of a token with short names. */
export const claimsFromWire = (wire: WireClaims): Omit<VerifiedToken, 'kid'> =>
  ({ ...renamed(wire, claimLong), cap: capabilityFromWire(wire.cap) }) as Omit<VerifiedToken, 'kid'>;

/** Writes the payload of a token with short names. */
export const claimsToWire = (claims: Omit<VerifiedToken, 'kid'>): WireClaims =>
  ({ ...renamed(claims, claimShort), cap: capabilityToWire(claims.cap) }) as WireClaims;

/** The name by which a client knows a member of a capability. */
export const wireNameOf = (member: keyof Capability): string => capabilityShort.get(member) ?? member;
