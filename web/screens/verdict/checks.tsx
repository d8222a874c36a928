import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { plain } from '../../parts/plain.ts';
import { Reasons } from '../../parts/reasons.tsx';

type Check = OutputOf<'change.checks'>['rows'][number];

/** The rules for files and code that the change is held to, each with what comes nearest to its limit. */
export function Checks({ project, change }: { readonly project: string; readonly change: string }) {
  const { data, error } = useAsk('change.checks', { project, change });
  const rows = data?.rows ?? [];
  return (
    <section aria-label="Rules">
      <h2>Rules</h2>
      <Reasons error={error} />
      {data !== undefined && rows.length === 0 ? <p className="quiet">none for a merge</p> : null}
      {rows.map((row) => (
        <p key={`${row.policy} ${row.subject}`}>{plain(words(row))}</p>
      ))}
      {data?.unmeasured.map(({ path, language }) => (
        <p key={path} className="yellow">
          ▲ not measured: {plain(path)} ({language})
        </p>
      ))}
    </section>
  );
}

function words({ policy, passed, found, limit, subject }: Check): string {
  const held = `${passed ? '●' : '■'} ${policy} ${passed ? 'holds' : 'is broken'}: ${found}, limit ${limit}`;
  return subject === '' ? held : `${held} · ${subject}`;
}
