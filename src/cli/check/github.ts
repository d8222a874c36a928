import { valueWords } from '../../lib/decision.ts';
import type { SourceReason } from '../../policies/altered.ts';

/** The reasons as workflow commands of GitHub, which shows each of them at its line. */
export const githubLines = (reasons: readonly SourceReason[]): string[] =>
  reasons.map((one) => {
    const { path, line = 1, unit } = one.at;
    const title = unit === undefined ? one.code : `${one.code} of ${unit}`;
    const value = one.found === undefined ? one.rule : valueWords(one);
    return `::error file=${property(path)},line=${line},title=${property(title)}::${escaped(`${value}; ${one.next}`)}`;
  });

const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
