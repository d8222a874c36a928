/** Replacement in the output of a run for a secret that the run was given. */
const covered = '[secret]';
const lengthMin = 8;

/**
 * Covers the secrets that a run was given in its output: the output is stored, and others can read it. A
 * guard against accidents (`env` in a shell, a program that logs its headers), not against an agent that
 * wants to leak: an agent can encode a secret. Values of fewer than 8 characters do not count as secrets.
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

  /** Number of characters at the end of a text that may be the beginning of a secret. */
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
