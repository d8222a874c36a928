/** A heading of a Markdown text with the lines below it, up to the next heading. */
export interface MarkdownSection {
  readonly level: number;
  readonly heading: string;
  /** The line of the heading, from 1. */
  readonly line: number;
  readonly body: string;
}

const headingPattern = /^(#{1,6})[ \t]+(.*?)[ \t]*#*$/;
const fencePattern = /^ {0,3}(`{3,}|~{3,})/;

interface OpenSection extends Omit<MarkdownSection, 'body'> {
  readonly lines: string[];
}

/** The sections of a text, in order; `line` is the number of its first line. Headings inside of code are none. */
export function sectionsIn(text: string, line: number): MarkdownSection[] {
  const sections: OpenSection[] = [];
  let fence: string | undefined;
  for (const [place, one] of text.split('\n').entries()) {
    const mark = fencePattern.exec(one)?.[1];
    const opened = fence === undefined && mark === undefined ? headingOf(one, line + place) : undefined;
    if (mark !== undefined) fence = nextFence(fence, mark);
    if (opened === undefined) sections.at(-1)?.lines.push(one);
    else sections.push(opened);
  }
  return sections.map(({ lines, ...section }) => ({ ...section, body: withoutComments(lines.join('\n')) }));
}

function headingOf(text: string, line: number): OpenSection | undefined {
  const [, marks, heading = ''] = headingPattern.exec(text) ?? [];
  return marks === undefined ? undefined : { level: marks.length, heading, line, lines: [] };
}

/** The fence that is open behind a mark: the same one closes it, any other is text inside of it. */
function nextFence(open: string | undefined, mark: string): string | undefined {
  if (open === undefined) return mark;
  return mark.startsWith(open) ? undefined : open;
}

const withoutComments = (text: string): string => text.replace(/<!--[\s\S]*?-->/g, '').trim();

/** A text with its white space as single spaces. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
