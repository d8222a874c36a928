import { describe, expect, it } from 'vitest';
import { toSarif } from '../../../src/cli/check/sarif.ts';
import { isCode } from '../../../src/lib/codes/index.ts';
import { sourceReason } from '../../../src/policies/altered.ts';

const reasons = [
  sourceReason('complexity', { path: 'src/a b#ü.ts', line: 41, unit: 'addItem' }, { found: 12, limit: 8 }),
  sourceReason('source.size', { path: 'b.ts' }, { found: '2 bytes' }),
  sourceReason('complexity', { path: 'c.ts', line: 1, unit: '<module>' }, { found: 9, limit: 8 }),
];

interface Log {
  readonly version: string;
  readonly $schema: string;
  readonly runs: {
    readonly tool: {
      readonly driver: {
        readonly name: string;
        readonly rules: { readonly id: string; readonly shortDescription: { readonly text: string } }[];
      };
    };
    readonly results: {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}

const logOf = (list: typeof reasons): Log => JSON.parse(JSON.stringify(toSarif(list)));

describe('the SARIF log', () => {
  it('has the members that the schema of SARIF 2.1.0 requires, with values that it allows', () => {
    const log = logOf(reasons);
    // sarifLog: version and runs; run: tool; tool: driver; toolComponent: name; reportingDescriptor: id; result: message.
    expect(log.version).toBe('2.1.0');
    expect(log.$schema).toMatch(/sarif-schema-2\.1\.0\.json$/);
    expect(log.runs).toHaveLength(1);
    for (const { tool, results } of log.runs) {
      expect(tool.driver.name).toBe('andon');
      for (const { id, shortDescription } of tool.driver.rules) {
        expect(isCode(id)).toBe(true);
        expect(shortDescription.text).not.toBe('');
      }
      for (const result of results) {
        expect(tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
        expect(['none', 'note', 'warning', 'error']).toContain(result.level);
        expect(result.message.text).not.toBe('');
        for (const { physicalLocation } of result.locations) {
          expect(physicalLocation.artifactLocation.uri).toMatch(/^[\w.%/-]+$/);
          expect(physicalLocation.region.startLine).toBeGreaterThanOrEqual(1);
        }
      }
    }
  });

  it('names each rule once and encodes paths as URI references', () => {
    const [run] = logOf(reasons).runs;
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(['complexity', 'source.size']);
    expect(run?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri).toBe(
      'src/a%20b%23%C3%BC.ts',
    );
  });

  it('is a whole log without a reason', () => {
    expect(logOf([]).runs[0]).toMatchObject({ results: [], tool: { driver: { rules: [] } } });
  });
});
