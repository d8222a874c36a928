import { useState } from 'react';
import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { plain } from '../../parts/plain.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { shortId } from '../../words.ts';
import { FileDiff } from './file-diff.tsx';

interface OfCompare {
  readonly change: Pick<OutputOf<'change.show'>, 'project' | 'id'>;
  /** The other attempt. */
  readonly against: string;
}

const nothing = (): void => undefined;

/** The difference between another attempt at the task and this one. Reading it stands for no reading of the change. */
export function Compare({ change: { project, id }, against }: OfCompare) {
  const [at, setAt] = useState(0);
  const { data, error } = useAsk('change.diff', { project, change: id, against });
  if (error !== null) return <Reasons error={error} />;
  if (data === undefined) return <p className="quiet">Asking the gateway …</p>;
  const file = data.files[at];
  if (file === undefined) return <p>Nothing differs from {shortId(against)} in the files of either.</p>;
  return (
    <section aria-label={`Since ${shortId(against)}`}>
      <ul className="files">
        {data.files.map(({ path, plus, minus }, place) => (
          <li key={path}>
            <button type="button" aria-current={place === at} onClick={() => setAt(place)}>
              {plain(path)}{' '}
              <span className="quiet">
                +{plus} −{minus}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <FileDiff
        key={file.path}
        {...{ project, change: id, against, path: file.path, isBinary: file.binary }}
        comments={[]}
        comment={undefined}
        read={nothing}
      />
    </section>
  );
}
