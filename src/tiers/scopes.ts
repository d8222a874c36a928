import { compileScope, type PathMatcher } from '../lib/glob-match.ts';
import type { Capability } from './capability.ts';

// A capability is immutable and lives as long as its grant is cached: one compilation is fast enough.
const writing = new WeakMap<Capability, PathMatcher>();
const reading = new WeakMap<Capability, PathMatcher>();

/** The paths that a capability may write, `L(write \ deny)`; compiled at first use. */
export const writableBy = (cap: Capability): PathMatcher => compiled(writing, cap, cap.write);

/** The paths that a capability may read, `L(read \ deny)`; compiled at first use. */
export const readableBy = (cap: Capability): PathMatcher => compiled(reading, cap, cap.read);

function compiled(
  known: WeakMap<Capability, PathMatcher>,
  cap: Capability,
  globs: readonly string[],
): PathMatcher {
  const matcher = known.get(cap);
  if (matcher !== undefined) return matcher;
  const fresh = compileScope(globs, cap.deny);
  known.set(cap, fresh);
  return fresh;
}

/** The globs of a scope in words, for reasons: `src/cart/**, test/cart/** except **\/*.pem`. */
export function scopeText(globs: readonly string[], denied: readonly string[]): string {
  const allowed = globs.length === 0 ? 'no path' : globs.join(', ');
  return denied.length === 0 ? allowed : `${allowed} except ${denied.join(', ')}`;
}
