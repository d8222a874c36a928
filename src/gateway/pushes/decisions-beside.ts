import type { Reason } from '../../lib/decision.ts';
import { globFault } from '../../lib/globs.ts';
import { shortId } from '../../lib/ids.ts';
import { decisionsTouching } from '../../memory/decisions.ts';
import { inQuotes } from '../../messages/task-words.ts';
import type { Session } from '../../store/store.ts';

const pathsMax = 20;
const shownMax = 3;

/** Codes whose subject is a path, or a place in a file. */
const aboutPaths = /^(?:scope|tree|complexity|function|source|frame)\b/;

/** The paths that reasons are about, without lines and names of functions. */
function pathsIn(reasons: readonly Reason[]): string[] {
  const paths = reasons
    .filter(({ code }) => aboutPaths.test(code))
    .map(({ subject }) => subject.replace(/:\d+(?: .*)?$/s, ''))
    .filter((path) => globFault(path) === undefined);
  return [...new Set(paths)].slice(0, pathsMax);
}

/** Decisions about the files that a refusal names, in lines for the pusher's terminal; texts of people stand quoted. */
export async function decisionsBeside(
  session: Session,
  project: string,
  reasons: readonly Reason[],
): Promise<string[]> {
  const rows = await decisionsTouching(session, project, pathsIn(reasons), shownMax);
  return rows.map(
    ({ id, question, decision }) => `decided: ${shortId(id)}  ${inQuotes(question)}  ${inQuotes(decision)}`,
  );
}
