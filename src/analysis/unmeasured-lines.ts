import type { UnmeasuredFile } from './check-sources.ts';

const namedMax = 3;

/** A line for each language of files that no adapter measures: `not measured (Ruby): a.rb, b.rb and 4 more`. */
export function unmeasuredLines(files: readonly UnmeasuredFile[]): string[] {
  const languages = [...new Set(files.map(({ language }) => language))].sort();
  return languages.map((language) => {
    const paths = files.filter((one) => one.language === language).map(({ path }) => path);
    const left = paths.length - namedMax;
    const more = left > 0 ? ` and ${left} more` : '';
    return `not measured (${language}): ${paths.slice(0, namedMax).join(', ')}${more}`;
  });
}
