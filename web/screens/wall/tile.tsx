import { memo } from 'react';
import type { WallAgent } from '../../../src/gateway/page/shapes.ts';
import { plain } from '../../parts/plain.ts';
import { ageWords, countWords, eventWords, nameWords, usdWords } from '../../words.ts';
import { type Mood, moodOf } from './mood.ts';

const signs: Readonly<Record<Mood, string>> = {
  waits: '? waits',
  refused: '▲ refused',
  silent: '■ silent',
  works: '● works',
  rests: '○ rests',
};

/** The last accepted event in words. */
function lastWords({ lastAt, lastType }: WallAgent, nowMs: number): string {
  if (lastAt === null || lastType === null) return 'nothing accepted yet';
  return `${eventWords(lastType)} ${ageWords((nowMs - Date.parse(lastAt)) / 1000)} ago`;
}

/** An agent: its name, its task, and the age of what it did last. */
export const Tile = memo(function Tile({ agent, now }: { readonly agent: WallAgent; readonly now: number }) {
  const mood = moodOf(agent, now);
  return (
    <li className="tile" data-mood={mood} data-agent={agent.name}>
      <p>
        <span className="name">{nameWords(agent.name)}</span> <span className="quiet">{signs[mood]}</span>
      </p>
      <p>
        {agent.task ?? '(no task)'}{' '}
        {agent.epoch === null ? null : <span className="quiet">e{agent.epoch}</span>}
      </p>
      <p>{lastWords(agent, now)}</p>
      {agent.waits === null ? null : <p className="yellow">“{plain(agent.waits)}”</p>}
      {agent.refusals === 0 ? null : (
        <p className="yellow">
          refused ×{agent.refusals} {agent.refusedFor}
        </p>
      )}
      {agent.run === null ? null : (
        <p className="quiet">
          {countWords(agent.tokens)} tok {usdWords(agent.usdMicro)}
        </p>
      )}
    </li>
  );
});
