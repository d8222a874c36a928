import type { ChainedEvent } from '../../store/log/chain.ts';
import type { Feed } from '../../store/log/feed.ts';
import { createRevocations } from './revocations.ts';
import { createTokenService, type TokenService, type TokenServiceOptions } from './token-service.ts';

/**
 * Starts the feed and then loads revocations, and feeds the tokens with events in between: a revocation that
 * fell between a load and a later start of the feed would never reach memory.
 */
export async function openTokens(
  feed: Feed,
  options: Omit<TokenServiceOptions, 'revocations'>,
): Promise<TokenService> {
  const early: ChainedEvent[] = [];
  const silence = feed.hear((events) => early.push(...events));
  await feed.start();
  const tokens = await createTokenService({ ...options, revocations: createRevocations() });
  silence();
  feed.hear(tokens.hear);
  tokens.hear(early);
  return tokens;
}
