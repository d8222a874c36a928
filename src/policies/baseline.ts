import type { SourceReason } from './altered.ts';

/** The findings of one rule in one unit of a file, or in the whole file, when a baseline was written. */
export interface BaselineEntry {
  readonly rule: string;
  readonly unit?: string | undefined;
  /** The values found, one for each unit of the name; the largest first. */
  readonly found: readonly (string | number)[];
}

/** Findings that were there when a baseline was written, by path. */
export interface Baseline {
  readonly version: 1;
  readonly files: Readonly<Record<string, readonly BaselineEntry[]>>;
}

/** The baseline of these findings. */
export function baselineOf(reasons: readonly SourceReason[]): Baseline {
  const files: Record<string, BaselineEntry[]> = {};
  for (const [path, ofFile] of grouped(reasons, ({ at }) => at.path)) {
    const entries = [...grouped(ofFile, keyOf).values()].map((list): BaselineEntry => {
      const [first] = list;
      const unit = first?.at.unit;
      return { rule: first?.code ?? '', ...(unit !== undefined && { unit }), found: valuesOf(list) };
    });
    Object.defineProperty(files, path, { value: entries, enumerable: true });
  }
  return { version: 1, files };
}

/**
 * The findings that a baseline does not hold, or that are worse than there: of several of one name the k-th largest
 * is held against the k-th largest of the baseline. The rule of `grown`, for those who have no earlier source.
 */
export function beyondBaseline(reasons: readonly SourceReason[], { files }: Baseline): SourceReason[] {
  return [...grouped(reasons, ({ at, code }) => `${at.path}\u0000${keyOf({ at, code })}`).values()].flatMap(
    (list) => {
      const known = knownValues(files, list[0]);
      return [...list].sort(largestFirst).flatMap((one, place) => {
        const before = known[place];
        if (before === undefined) return [one];
        return sizeOf(one.found) > sizeOf(before) ? [{ ...one, before }] : [];
      });
    },
  );
}

function knownValues(files: Baseline['files'], one: SourceReason | undefined): readonly (string | number)[] {
  if (one === undefined || !Object.hasOwn(files, one.at.path)) return [];
  const entry = files[one.at.path]?.find(({ rule, unit }) => rule === one.code && unit === one.at.unit);
  return entry?.found ?? [];
}

const keyOf = ({ code, at }: Pick<SourceReason, 'code' | 'at'>): string => `${code}\u0000${at.unit ?? ''}`;

const valuesOf = (list: readonly SourceReason[]): (string | number)[] =>
  [...list].sort(largestFirst).map(({ found }) => found ?? '');

const largestFirst = (one: SourceReason, other: SourceReason): number =>
  sizeOf(other.found) - sizeOf(one.found);

/** The number that a value begins with; values without one are all alike. */
const sizeOf = (value: string | number | undefined): number => Number.parseInt(String(value ?? 0), 10) || 0;

function grouped<T>(list: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}
