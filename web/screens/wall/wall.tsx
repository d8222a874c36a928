import type { ReactNode } from 'react';
import type { WallAgent, WallFacts, WallProject } from '../../../src/gateway/page/shapes.ts';
import { useClock } from '../../frame/clock.ts';
import { useProject } from '../../frame/place.ts';
import { useLive } from '../../live/store.ts';
import { clockWords, eventWords, nameWords, plural, usdWords, words } from '../../words.ts';
import { byNeed, type Mood, moodOf } from './mood.ts';
import { Tile } from './tile.tsx';
import './wall.css';

const denseFrom = 60;

/** The wall: does the line stand, and is everybody at work. */
export function Wall() {
  const facts = useLive((one) => one.facts);
  const project = useProject();
  const now = useClock();
  if (facts === undefined) return <p className="quiet">Asking the gateway …</p>;
  const agents = facts.agents.filter((one) => project === undefined || one.project === project);
  return (
    <>
      <h1 className="hidden">Wall of {project ?? 'all projects'}</h1>
      <Facts facts={facts} agents={agents} project={project} now={now} />
      {agents.length === 0 ? <Nobody /> : <Tiles agents={agents} now={now} />}
      <Newest project={project} />
    </>
  );
}

interface OfFacts {
  readonly facts: WallFacts;
  readonly agents: readonly WallAgent[];
  readonly project: string | undefined;
  readonly now: number;
}

/** Sums over the projects that are shown. */
function sumsOf(shown: readonly WallProject[]) {
  const limits = shown.map(({ wip }) => wip.limit);
  const limit = limits.includes(null) ? undefined : limits.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const running = shown.reduce((sum, { wip }) => sum + wip.running, 0);
  return {
    wip: limit === undefined ? `${running}` : `${running}/${limit}`,
    landed: shown.reduce((sum, one) => sum + one.landedToday, 0),
  };
}

function Figure({ count, tone, children }: { count: number; tone?: string; children: ReactNode }) {
  return (
    <li className={count > 0 ? tone : undefined}>
      <b>{count}</b> {children}
    </li>
  );
}

function Facts({ facts, agents, project, now }: OfFacts) {
  const moods = agents.map((one) => moodOf(one, now));
  const count = (...wanted: Mood[]): number => moods.filter((one) => wanted.includes(one)).length;
  const shown = facts.projects.filter(({ name }) => project === undefined || name === project);
  const { wip, landed } = sumsOf(shown);
  const spent = agents.reduce((sum, { usdMicro }) => sum + usdMicro, 0);
  return (
    <ul className="facts" aria-label="The line at a glance">
      <Figure count={count('works', 'refused')}>working</Figure>
      <Figure count={count('waits')} tone="yellow">
        blocked
      </Figure>
      <Figure count={count('silent')} tone="red">
        silent &gt; 10m
      </Figure>
      <li>
        WIP <b>{wip}</b>
      </li>
      <li>
        landed today <b>{landed}</b>
      </li>
      <li>
        <b>{usdWords(spent)}</b> in present runs
      </li>
      <Figure count={facts.counts.byState.ready ?? 0}>ready</Figure>
      <Place shown={shown} />
    </ul>
  );
}

function Place({ shown }: { readonly shown: readonly WallProject[] }) {
  const [first] = shown;
  if (first === undefined || shown.length > 1) return <li>{plural(shown.length, 'project')}</li>;
  return (
    <li>
      main <code>{first.main?.slice(0, 7) ?? '?'}</code>
    </li>
  );
}

function Tiles({ agents, now }: { readonly agents: readonly WallAgent[]; readonly now: number }) {
  const sorted = [...agents].sort(byNeed(now));
  return (
    <ul className={agents.length > denseFrom ? 'tiles dense' : 'tiles'} aria-label="Agents">
      {sorted.map((one) => (
        <Tile key={`${one.project} ${one.name}`} agent={one} now={now} />
      ))}
    </ul>
  );
}

function Nobody() {
  return (
    <section className="form">
      <h2>{words.nobody}</h2>
      <p>Apply a plan, then start an agent or join by hand:</p>
      <code className="command">andon plan apply andon.yaml</code>
      <code className="command">andon agent spawn builder --task …</code>
      <code className="command">andon join …</code>
    </section>
  );
}

function Newest({ project }: { readonly project: string | undefined }) {
  const newest = useLive((one) => one.newest);
  const shown = newest
    .filter((one) => project === undefined || one.project === project || one.project === '*')
    .slice(0, 12);
  if (shown.length === 0) return null;
  return (
    <section className="newest">
      <h2>Newest</h2>
      <ol>
        {shown.map((one) => (
          <li key={one.position}>
            {clockWords(one.at)} {nameWords(one.actor)} {one.allowed ? eventWords(one.type) : 'was refused'}{' '}
            {one.subject}
          </li>
        ))}
      </ol>
    </section>
  );
}
