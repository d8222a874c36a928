import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { useKeys } from '../../frame/keys.tsx';
import { plain } from '../../parts/plain.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { type Comment, commentedIn, isUnder, placeOf } from './comments.ts';
import { linesOf, type PatchLine } from './patch.ts';

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
  const writing = useWriting(lines, file.comment !== undefined, rows.range?.startIndex ?? 0);
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
              <Row lines={lines} index={index} file={file} writing={writing} />
            </div>
          ))}
        </div>
      </section>
      {answer.truncated ? <Unseen words="The rest is too long to be shown here." read={read} /> : null}
    </>
  );
}

/** The lines that a comment is being written on, by their places in the patch. */
interface Writing {
  readonly first: number;
  readonly last: number;
  /** Begins at a line; with `isMore` the lines from where it began up to this one. */
  readonly open: ((index: number, isMore: boolean) => void) | undefined;
  readonly close: () => void;
}

/** The lines being commented: by click, shift and click for more of them, or the key `c` for the first line on screen. */
function useWriting(lines: readonly PatchLine[], isTaken: boolean, top: number): Writing {
  const [place, setPlace] = useState({ first: -1, last: -1 });
  const open = (index: number, isMore: boolean): void =>
    setPlace(({ first }) => ({ first: isMore && first >= 0 ? first : index, last: index }));
  const under = (index: number): number =>
    lines.findIndex((line, at) => at >= index && numberOf(line) !== undefined);
  useKeys(isTaken ? { c: () => open(under(focusedLine() ?? top), false) } : {});
  const close = (): void => setPlace({ first: -1, last: -1 });
  return { ...place, open: isTaken ? open : undefined, close };
}

/** The place of the line that has the focus. */
function focusedLine(): number | undefined {
  const index = document.activeElement?.closest<HTMLElement>('[data-index]')?.dataset.index;
  return index === undefined ? undefined : Number(index);
}

const numberOf = (line: PatchLine): number | undefined => line.after ?? line.before;

interface OfRow {
  readonly lines: readonly PatchLine[];
  readonly index: number;
  readonly file: OfFile;
  readonly writing: Writing;
}

function Row({ lines, index, file, writing }: OfRow) {
  const line = lines[index];
  if (line === undefined) return null;
  const [low, high] = [Math.min(writing.first, writing.last), Math.max(writing.first, writing.last)];
  const isChosen = index >= low && index <= high;
  return (
    <>
      <div className={`line ${line.kind}${isChosen ? ' chosen' : ''}`}>
        <LineNumber at={numberOf(line)} open={writing.open && ((isMore) => writing.open?.(index, isMore))} />
        <span className="sign">{signs[line.kind]}</span>
        <code>{plain(line.text)}</code>
      </div>
      <Said comments={file.comments.filter((one) => isUnder(one, line))} />
      {index === high ? <OnLines lines={lines} file={file} writing={writing} /> : null}
    </>
  );
}

function Said({ comments }: { readonly comments: readonly Comment[] }) {
  return comments.map((one) => (
    <p key={placeOf(one)} className="comment">
      {one.from === one.to ? '' : `${placeOf(one)} `}“{one.text}”
    </p>
  ));
}

/** The field for a comment on the lines that were chosen. */
function OnLines({ lines, file, writing }: Omit<OfRow, 'index'>) {
  const on = commentedIn(lines, writing.first, writing.last);
  if (on === undefined) return null;
  const write = (text: string): void => file.comment?.({ path: file.path, ...on, text });
  return <Write key={placeOf(on)} place={placeOf(on)} close={writing.close} write={write} />;
}

interface OfNumber {
  readonly at: number | undefined;
  readonly open: ((isMore: boolean) => void) | undefined;
}

/** The number of a line, by which it is commented where comments are taken. */
function LineNumber({ at, open }: OfNumber) {
  if (at === undefined || open === undefined) return <span className="number">{at}</span>;
  return (
    <span className="number">
      <button
        type="button"
        onClick={(event) => open(event.shiftKey)}
        aria-label={`Comment on line ${at}`}
        title="With shift: all lines from the one chosen before"
      >
        {at}
      </button>
    </span>
  );
}

interface OfWrite {
  readonly place: string;
  readonly close: () => void;
  readonly write: (text: string) => void;
}

function Write({ place, close, write }: OfWrite) {
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
      <span className="quiet">{place}</span>
      <input
        ref={field}
        className="grow"
        aria-label="Comment: a reason when you reject"
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key }) => {
          if (key === 'Escape') close();
        }}
      />
      <button type="submit">Keep</button>
    </form>
  );
}
