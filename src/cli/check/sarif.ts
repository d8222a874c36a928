import { type Code, codes } from '../../lib/codes/index.ts';
import { valueWords } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import type { SourceReason } from '../../policies/altered.ts';

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The reasons as a log of SARIF 2.1.0 (OASIS), for code scanning services. Paths are relative to the root of sources. */
export function toSarif(reasons: readonly SourceReason[]): object {
  const used = [...new Set(reasons.map(({ code }) => code))].sort();
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'andon', rules: used.map(rule) } },
        columnKind: 'utf16CodeUnits',
        results: reasons.map((reason) => result(reason, used.indexOf(reason.code))),
      },
    ],
  };
}

const rule = (code: Code): object => ({
  id: code,
  shortDescription: { text: codes[code].rule },
  help: { text: codes[code].next },
  defaultConfiguration: { level: 'error' },
});

function result(reason: SourceReason, ruleIndex: number): object {
  const { path, line, unit } = reason.at;
  const value = reason.found === undefined ? '' : `: found ${valueWords(reason)}`;
  return {
    ruleId: reason.code,
    ruleIndex,
    level: 'error',
    message: { text: `${reason.rule}${value}; next: ${reason.next}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: {
            uri: path.split('/').map(encodeURIComponent).join('/'),
            uriBaseId: '%SRCROOT%',
          },
          region: { startLine: line ?? 1 },
        },
        ...defined({ logicalLocations: unit === undefined ? undefined : [{ name: unit, kind: 'function' }] }),
      },
    ],
  };
}
