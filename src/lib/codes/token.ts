import { row } from '../code-row.ts';

/** Codes of tokens, grants and the lattice. */
export const tokenCodes = {
  'token.missing': row(
    401,
    'refused',
    'every call carries a capability token',
    'set ANDON_TOKEN or ANDON_TOKEN_FILE, or send Authorization: Bearer <token>',
  ),
  'token.malformed': row(
    401,
    'refused',
    'a token is three canonical base64url parts of at most 4 kB with exactly the header alg, typ and kid',
    'send the token exactly as the gateway issued it',
  ),
  'token.signature': row(
    401,
    'refused',
    'a token is signed by a key of this gateway',
    'mint a new token: andon token mint',
  ),
  'token.key': row(
    401,
    'refused',
    'a token names a key that is active or still honoured',
    'mint a new token: andon token mint',
  ),
  'token.audience': row(
    401,
    'refused',
    'a token is used for the project and issuer it names',
    'use a token that was minted for this project',
  ),
  'token.expired': row(
    401,
    'refused',
    'a token is used before it expires',
    'renew it while it lives (andon token renew) or mint a new one',
  ),
  'token.early': row(
    401,
    'refused',
    'a token is used only from its start time on',
    'wait, or correct the clock of the machine that minted it',
  ),
  'token.revoked': row(
    401,
    'refused',
    'a token, its grant, its ancestors, its agent, its key and its epoch are not revoked',
    'ask whoever delegated to you for a new grant',
  ),
  'token.claims': row(
    401,
    'refused',
    'a token holds exactly the members of the capability schema',
    'mint a new token with this version of the gateway',
  ),
  'grant.action': row(
    403,
    'refused',
    'a caller does only what the ops of its grant name',
    'ask for a grant with this action, or let an agent that has it do this: andon token explain',
  ),
  'grant.project': row(403, 'refused', 'a grant is good for its own project', 'use a token of this project'),
  'grant.tier': row(
    403,
    'refused',
    'the tier of a caller bounds what it may do',
    'hand this to an agent of the tier named',
  ),
  'grant.task': row(
    403,
    'refused',
    'a grant bound to a task is used for that task and epoch',
    'use the token of the task you hold',
  ),
  'lattice.ops': row(
    403,
    'refused',
    'a child may exercise only what its parent may delegate',
    'leave the actions out, or ask a human to widen the parent',
  ),
  'lattice.dops': row(
    403,
    'refused',
    'a child may delegate only what its parent may delegate',
    'leave the actions out, or ask a human to widen the parent',
  ),
  'lattice.scope': row(
    403,
    'refused',
    'the paths of a child lie inside the paths of its parent',
    'narrow the globs so that the witness path is not matched',
  ),
  'lattice.bound': row(
    403,
    'refused',
    'every bound of a child is at most that of its parent',
    'lower the bound',
  ),
  'lattice.member': row(
    403,
    'refused',
    'tier, project, plan, phases, refs and task of a child lie inside those of its parent',
    'narrow the member',
  ),
  'lattice.depth': row(
    403,
    'refused',
    'a grant delegates only while its remaining depth is above zero',
    'let an ancestor mint this grant',
  ),
  'lattice.cost': row(
    403,
    'refused',
    'a comparison of path scopes stays within a fixed effort',
    'use fewer or simpler globs',
  ),
  'budget.exhausted': row(
    403,
    'refused',
    'budgets of children are reserved from what their parent has left',
    'lower the budget, or let children end first',
  ),
  'duty.separated': row(
    403,
    'refused',
    'nobody judges work of their own lineage',
    'let a validator of another lineage judge it; a lone human may pass --own-work, which is recorded',
  ),
} as const;
