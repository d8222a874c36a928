import { type Reason, reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { pathFault } from '../../lib/paths.ts';
import { scopeText, writableBy } from '../../tiers/scopes.ts';
import { clonePathOf } from './clone-path.ts';
import type { ToolFacts } from './facts.ts';

/** Reasons against writing a file: outside the clone, outside the write scope, or not a path that a tree may hold. */
export function writeReasons(path: string, facts: ToolFacts): Reason[] {
  const { cap, clone } = facts;
  if (isOfRun(path, facts, /^(?:out\/)?verdict\.json$|^tmp\/./)) return [];
  const place = clonePathOf(path, clone);
  if (place.kind === 'outside') return [outsideReason(path, place.why, clone)];
  const limit = cap.actions.includes('repo:push') ? scopeText(cap.write, cap.deny) : 'no path';
  const fault = pathFault(place.path);
  if (fault !== undefined) return [reason('scope.write', path, { found: fault, limit })];
  const allowed = cap.actions.includes('repo:push') && writableBy(cap)(place.path);
  return allowed ? [] : [reason('scope.write', place.path, { limit })];
}

/** Reasons against reading a file or folder: only a path outside the clone is refused. */
export function readReasons(path: string, facts: ToolFacts): Reason[] {
  const { clone } = facts;
  if (isOfRun(path, facts, /^(?:(?:out\/)?verdict\.json|task\.json|inbox\.jsonl|(?:tmp|home)(?:\/.*)?)$/s))
    return [];
  const place = clonePathOf(path, clone);
  return place.kind === 'outside' ? [outsideReason(path, place.why, clone)] : [];
}

/** True for a path beside the clone that belongs to the run alone; the token there is not for the model to read. */
function isOfRun(path: string, { runFolder }: ToolFacts, own: RegExp): boolean {
  if (runFolder === undefined || !path.startsWith('/')) return false;
  const place = clonePathOf(path, runFolder);
  return place.kind === 'inside' && own.test(place.path);
}

const outsideReason = (path: string, why: string, clone: string | undefined): Reason =>
  reason('tool.outside', path, { found: why, ...defined({ limit: clone }) });
