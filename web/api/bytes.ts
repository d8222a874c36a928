const encoder = new TextEncoder();

/** A text as UTF-8. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** Bytes in base64url. */
export const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** The bytes of a text in base64url. */
export const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));

/** SHA-256 in base64url. */
export const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  base64url(await crypto.subtle.digest('SHA-256', bytes));

/** A nonce of 16 random bytes. */
export const nonce = (): string => base64url(crypto.getRandomValues(new Uint8Array(16)));
