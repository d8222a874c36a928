import type { WallStop } from '../../../src/gateway/page/shapes.ts';
import { useAsk } from '../../api/query.ts';
import { session } from '../../api/session.ts';
import { useProject } from '../../frame/place.ts';
import { useLive } from '../../live/store.ts';
import { Age } from '../../parts/age.tsx';
import { plain } from '../../parts/plain.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { ageWords, glyphs, heldWords, nameWords, plural, shortId } from '../../words.ts';
import { ClearYellow } from '../mine/answer.tsx';
import { RootCauseForm } from './root-cause.tsx';
import '../changes/changes.css';
import '../mine/mine.css';

const noStops: readonly WallStop[] = [];

/** Open stops with what each holds, the way to clear them, and the log of earlier ones. */
export function CordScreen() {
  const project = useProject();
  const stops = useLive(({ facts }) => facts?.stops ?? noStops);
  const shown = stops.filter(
    (stop) => project === undefined || stop.project === '*' || stop.project === project,
  );
  return (
    <>
      <h1>Cord of {project ?? 'all projects'}</h1>
      {shown.length === 0 ? <p className="green">● No stop is open: the line runs.</p> : null}
      {shown.map((stop) => (
        <OpenStop key={stop.id} stop={stop} />
      ))}
      <Log project={project ?? session()?.project ?? '*'} />
    </>
  );
}

function OpenStop({ stop }: { readonly stop: WallStop }) {
  const { id, colour, project, scope, why, by, at, holds } = stop;
  const held = { runs: holds.runs.length, tasks: holds.tasks.length, landings: holds.landings.length };
  const item = {
    kind: colour,
    id,
    project,
    subject: scope,
    title: why,
    since: at,
    by,
    blocks: [],
    mayAct: true,
    link: '',
  };
  return (
    <section className="panel" id={id} data-stop={id}>
      <h2 className={colour}>
        {glyphs[colour]} {colour} · {project === '*' ? 'all projects' : `${project} · ${scope}`} ·{' '}
        {shortId(id)}
      </h2>
      <p className="mine-title">{plain(why)}</p>
      <p className="quiet">
        {nameWords(by)} · <Age at={at} /> · holds {heldWords(held)}
      </p>
      {colour === 'red' ? <RootCauseForm stop={stop} /> : <ClearYellow item={item} />}
    </section>
  );
}

function Log({ project }: { readonly project: string }) {
  const { data, error } = useAsk('cord.log', { project });
  if (error !== null) return <Reasons error={error} />;
  if (data === undefined) return null;
  const closed = data.stops.filter(({ clearedAt }) => clearedAt !== null);
  return (
    <section className="panel">
      <h2>
        Log: {plural(data.total, 'stop')}
        {data.medianSeconds === null ? '' : `, half of them cleared within ${ageWords(data.medianSeconds)}`}
      </h2>
      {closed.map(({ id, colour, scope, why, seconds, clearedBy, rootCause }) => (
        <p key={id}>
          {glyphs[colour]} {colour} · {scope} · “{plain(why)}” · cleared by {nameWords(clearedBy ?? '')} after{' '}
          {ageWords(seconds ?? 0)}
          {rootCause === null ? '' : ` · ${rootCause.kind}: ${plain(rootCause.prevention)}`}
        </p>
      ))}
    </section>
  );
}
