const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** True for the address of a gateway on this machine. */
const isOnLoopback = (url: string): boolean => URL.canParse(url) && loopback.test(new URL(url).hostname);

/**
 * Settings with which git asks no proxy for a gateway on this machine: git's own proxy variables, and an `http.proxy` of
 * the user, would hand it the token, or keep git from reaching it. None for another address, which a proxy may lead to.
 */
export const directTo = (url: string): readonly (readonly [key: string, value: string])[] =>
  isOnLoopback(url) ? [[`http.${url}/.proxy`, '']] : [];
