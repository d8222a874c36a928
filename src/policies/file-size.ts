import { limits } from '../lib/limits.ts';
import { type SourceReason, sourceReason } from './altered.ts';
import type { TextSize } from './measure/unit.ts';

/** The extent of a source file. */
export interface FileSize extends TextSize {
  readonly bytes: number;
}

/** The sizes of each measured file of one change, by path. A renamed file has its new path on both sides. */
export type SizesByPath = ReadonlyMap<string, FileSize>;

interface Extent {
  readonly of: 'bytes' | 'lines' | 'columns';
  readonly limit: number;
  readonly words: (value: number) => string;
}

const extents: readonly Extent[] = [
  { of: 'bytes', limit: limits.sourceBytesMax, words: (value) => `${value} bytes` },
  { of: 'lines', limit: limits.sourceLinesMax, words: (value) => `${value} lines` },
  { of: 'columns', limit: limits.sourceColumnsMax, words: (value) => `${value} characters in a line` },
];

/** A reason for every file that the change takes above a limit for files, or further above it; one for each file. */
export function fileSizePolicy(before: SizesByPath, after: SizesByPath): SourceReason[] {
  return [...after].flatMap(([path, size]) => {
    const was = before.get(path);
    const extent = extents.find(
      ({ of, limit }) => size[of] > limit && (was === undefined || size[of] > was[of]),
    );
    if (extent === undefined) return [];
    const { of, limit, words } = extent;
    const at = of === 'columns' ? { path, line: size.longest } : { path };
    const earlier = was === undefined ? {} : { before: words(was[of]) };
    return [sourceReason('source.size', at, { found: words(size[of]), limit: words(limit), ...earlier })];
  });
}
