import type { Reason } from '../../src/lib/decision.ts';
import { Refused } from '../api/client.ts';
import { plain } from './plain.ts';

/** A reason in the words of the command line. */
function sentence({ code, subject, found, limit, rule, next }: Reason): string {
  const values = [
    ...(found === undefined ? [] : [`found ${found}`]),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
  ];
  return `${code}: ${subject}${values.length === 0 ? '' : ` (${values.join(', ')})`}: ${rule}; next: ${next}`;
}

/** Every reason of a refusal, and the message of any other error. */
export function Reasons({ error }: { readonly error: unknown }) {
  if (error === undefined || error === null) return null;
  const reasons = error instanceof Refused ? error.reasons : [];
  const message = error instanceof Error ? error.message : String(error);
  return (
    <ul className="reasons" role="alert">
      {reasons.length === 0 ? <li>{plain(message)}</li> : null}
      {reasons.map((one) => (
        <li key={`${one.code} ${one.subject}`}>{plain(sentence(one))}</li>
      ))}
    </ul>
  );
}
