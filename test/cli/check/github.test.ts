import { expect, it } from 'vitest';
import { githubLines } from '../../../src/cli/check/github.ts';
import { sourceReason } from '../../../src/policies/altered.ts';

it('writes an annotation for each reason, with everything escaped that would end a part of it', () => {
  const reasons = [
    sourceReason(
      'complexity',
      { path: 'a,b:c\n%.ts', line: 7, unit: 'A::f' },
      { found: 12, limit: 8, before: 9, next: 'split\r\n::error::x' },
    ),
    sourceReason('source.syntax', { path: 'b.ts' }),
  ];
  expect(githubLines(reasons)).toEqual([
    '::error file=a%2Cb%3Ac%0A%25.ts,line=7,title=complexity of A%3A%3Af::12, limit 8, was 9; split%0D%0A::error::x',
    '::error file=b.ts,line=1,title=source.syntax::source in scope parses without an error; repair the syntax error',
  ]);
});
