/**
 * Who has seen the tokens of a grant. A grant that was minted for somebody was handed out by its parent; the tokens of a
 * run go from the gateway to a runner. Grants of an earlier version say nothing: seen, unless they belong to a run.
 */
export const holders = `
alter table grants add column seen boolean;
`;
