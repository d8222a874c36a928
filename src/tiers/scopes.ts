import { compileScope, type PathMatcher } from '../lib/glob-match.ts';
import type { Capability } from './capability.ts';

/** The two path scopes of a capability, compiled. */
export interface Scopes {
  readonly writable: PathMatcher;
  readonly readable: PathMatcher;
}

// A capability is immutable, and lives as long as its grant is cached: compiling once is all that speed needs.
const compiled = new WeakMap<Capability, Scopes>();

/** `L(w \ x)` and `L(r \ x)` of a capability as matchers; compiled at first use. */
export function scopesOf(cap: Capability): Scopes {
  const known = compiled.get(cap);
  if (known !== undefined) return known;
  const fresh = { writable: compileScope(cap.w, cap.x), readable: compileScope(cap.r, cap.x) };
  compiled.set(cap, fresh);
  return fresh;
}

/** The globs of a scope in words, for reasons: `src/cart/**, test/cart/** except **\/*.pem`. */
export function scopeText(globs: readonly string[], denied: readonly string[]): string {
  const allowed = globs.length === 0 ? 'no path' : globs.join(', ');
  return denied.length === 0 ? allowed : `${allowed} except ${denied.join(', ')}`;
}
