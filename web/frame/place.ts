import { useLocation } from 'wouter';
import { session } from '../api/session.ts';
import { useLive } from '../live/store.ts';

/** The project that the address names; else the only one there is; undefined for all of them. */
export function useProject(): string | undefined {
  const [path] = useLocation();
  const only = useLive(({ facts }) => (facts?.projects.length === 1 ? facts.projects[0]?.name : undefined));
  const [, named] = /^\/p\/([^/]+)/.exec(path) ?? [];
  const bound = session()?.project;
  return named === undefined ? (bound === '*' ? only : bound) : decodeURIComponent(named);
}
