import type { IncomingMessage } from 'node:http';
import { AndonError } from '../../lib/errors.ts';
import type { TokenService } from '../auth/token-service.ts';

const loopback = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * The reason why a request may not read the metrics: a caller on another machine must show a token. Behind a
 * proxy callers cannot be told apart, so all must.
 */
export async function metricsRefusal(
  req: IncomingMessage,
  tokens: Pick<TokenService, 'authenticate'>,
  isBehindProxy: boolean,
): Promise<AndonError | undefined> {
  const isHere =
    loopback.test(req.socket.remoteAddress ?? '') && !forwarded.some((name) => name in req.headers);
  if (isHere && !isBehindProxy) return undefined;
  try {
    await tokens.authenticate(req.headers.authorization);
    return undefined;
  } catch (error) {
    if (error instanceof AndonError) return error;
    throw error;
  }
}
