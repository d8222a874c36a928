/** What stands in the output of a run in the place of a secret that it was given. */
const covered = '[secret]';
const lengthMin = 8;

/**
 * Covers the secrets that a run was given where it prints them as they are: what it prints is stored and can be read by
 * others. A guard against accidents (`env` in a shell, a program that logs its headers), not against an agent that
 * wants to tell: it can spell them otherwise. Values of fewer than 8 characters are no secrets.
 */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(secret: string): void {
    if (secret.length >= lengthMin) this.#secrets.add(secret);
  }

  cover(text: string): string {
    let result = text;
    for (const secret of this.#secrets) result = result.replaceAll(secret, covered);
    return result;
  }

  /** How many characters at the end of a text may be the beginning of a secret. */
  openEnd(text: string): number {
    let most = 0;
    for (const secret of this.#secrets) {
      for (let length = Math.min(secret.length - 1, text.length); length > most; length--) {
        if (text.endsWith(secret.slice(0, length))) most = length;
      }
    }
    return most;
  }
}
