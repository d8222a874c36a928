import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { plain } from '../../parts/plain.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { linesOf, type PatchLine } from './patch.ts';

/** A comment on a line of a file. */
export interface Comment {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

interface OfFile {
  readonly project: string;
  readonly change: string;
  readonly path: string;
  readonly isBinary: boolean;
  /** Another attempt that the file is compared with; main without. */
  readonly against?: string;
  /** Lines around each difference. */
  readonly context?: number;
  readonly comments: readonly Comment[];
  /** Takes a comment; undefined where lines are only shown. */
  readonly comment: ((comment: Comment) => void) | undefined;
  /** Called once the last line was on screen. */
  readonly read: () => void;
}

const rowPx = 20;
const signs = { plus: '+', minus: '−', same: ' ', hunk: '@', note: '\\' } as const;

/** The whole difference of one file. */
export function FileDiff(file: OfFile) {
  const { project, change, path, isBinary, against, context } = file;
  const asked = { project, change, path, ...(context !== undefined && { context }) };
  const { data, error } = useAsk('change.diff', against === undefined ? asked : { ...asked, against });
  if (error !== null) return <Reasons error={error} />;
  if (data === undefined) return <p className="quiet">Asking the gateway …</p>;
  if (isBinary) return <Unseen words="This file is binary: it cannot be shown here." read={file.read} />;
  return <Lines file={file} answer={data} />;
}

/** Content that cannot be shown has to be acknowledged by name. */
function Unseen({ words, read }: { readonly words: string; readonly read: () => void }) {
  return (
    <div className="unseen">
      <p>{words}</p>
      <button type="button" onClick={read}>
        I judge it without
      </button>
    </div>
  );
}

function Lines({ file, answer }: { readonly file: OfFile; readonly answer: OutputOf<'change.diff'> }) {
  const lines = useMemo(() => linesOf(answer.text), [answer.text]);
  const frame = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowPx,
    overscan: 30,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  const isWhole = !answer.truncated && last >= lines.length - 1;
  const { read } = file;
  useEffect(() => {
    if (isWhole) read();
  }, [isWhole, read]);
  const commented = new Map(file.comments.map((one) => [one.line, one.text]));
  return (
    <>
      <section
        ref={frame}
        className="lines"
        aria-label={`Lines of ${file.path}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
        tabIndex={0}
      >
        <div className="lines-all" style={{ height: rows.getTotalSize() }}>
          {shown.map(({ index, start, key }) => (
            <div
              key={key}
              data-index={index}
              ref={rows.measureElement}
              className="line-row"
              style={{ transform: `translateY(${start}px)` }}
            >
              <Row line={lines[index]} commented={commented} file={file} />
            </div>
          ))}
        </div>
      </section>
      {answer.truncated ? <Unseen words="The rest is too long to be shown here." read={read} /> : null}
    </>
  );
}

interface OfRow {
  readonly line: PatchLine | undefined;
  readonly commented: ReadonlyMap<number, string>;
  readonly file: OfFile;
}

function Row({ line, commented, file }: OfRow) {
  const [isOpen, setOpen] = useState(false);
  if (line === undefined) return null;
  const { comment } = file;
  const at = line.after ?? line.before;
  return (
    <>
      <div className={`line ${line.kind}`}>
        <LineNumber at={at} open={comment === undefined ? undefined : () => setOpen(true)} />
        <span className="sign">{signs[line.kind]}</span>
        <code>{plain(line.text)}</code>
      </div>
      <Said text={commented.get(at ?? 0)} />
      {isOpen ? (
        <Write
          close={() => setOpen(false)}
          write={(words) => comment?.({ path: file.path, line: at ?? 0, text: words })}
        />
      ) : null}
    </>
  );
}

function Said({ text }: { readonly text: string | undefined }) {
  return text === undefined ? null : <p className="comment">“{text}”</p>;
}

interface OfNumber {
  readonly at: number | undefined;
  readonly open: (() => void) | undefined;
}

/** The number of a line, by which it is commented where comments are taken. */
function LineNumber({ at, open }: OfNumber) {
  if (at === undefined || open === undefined) return <span className="number">{at}</span>;
  return (
    <span className="number">
      <button type="button" onClick={open} aria-label={`Comment on line ${at}`}>
        {at}
      </button>
    </span>
  );
}

function Write({ close, write }: { readonly close: () => void; readonly write: (text: string) => void }) {
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form
      className="comment row"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') write(text);
        close();
      }}
    >
      <input
        ref={field}
        className="grow"
        aria-label="Comment: a reason when you reject"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit">Keep</button>
    </form>
  );
}
