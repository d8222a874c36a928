/**
 * The rules of claims, renewals and submissions stand in TypeScript alone: their copy in SQL goes. A gateway of an earlier
 * version that still runs goes its longer way, as it did whenever something was otherwise than it had foreseen.
 */
export const once = `
drop function andon_foreseen_claims(text, text, text[], bigint, bigint, text[], text[], text[], text[], text[], bigint, int, text[], text[]);
drop function andon_foreseen_renewals(text, text, text[], bigint, bigint, text[], text[], text[], text[], text[], text[], bigint[], text[]);
drop function andon_foreseen_submits(text, text, text[], bigint, bigint, text[], text[], text[], text[], text[], text[], bigint[], text[], text[], text[], text[], text[], text[]);
`;
