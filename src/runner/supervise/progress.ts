import type { ProgressMeasure } from '../protocol.ts';

/** What the runner sees of the work itself. */
export interface Sighting {
  /** Equal as long as no file has changed. */
  readonly work: string;
  readonly head: string | undefined;
  /** Calls of the gateway that changed something. */
  readonly changes: number;
  /** The content of the artefact that the task is measured by; undefined while there is none. */
  readonly artefact?: string | undefined;
}

const seenMax = 10_000;

/**
 * Judges by its turns whether a run gets anywhere. Pure but for what it remembers. What counts is named by the task: a tree
 * that it never had before; fewer failing tests than ever before; a content of one file that it never had before.
 */
export class Progress {
  readonly #kind: ProgressMeasure['kind'];
  readonly #flatTurns: number;
  readonly #calls = new Set<string>();
  readonly #seen = new Set<string>();
  #first: Sighting | undefined;
  #last: Sighting | undefined;
  #least: number | undefined;
  #hasProgress = false;
  #flat = 0;
  /** Of the turns since they were judged last: how many, whether a call was new, files changed, and it got somewhere. */
  #turns = 0;
  #isFresh = false;
  #isEdited = false;
  #isForward = false;

  constructor(kind: ProgressMeasure['kind'], flatTurns: number) {
    this.#kind = kind;
    this.#flatTurns = flatTurns;
  }

  /** Whether the run has got anywhere: a commit, a call that changed something, or what its task is measured by. */
  get hasProgress(): boolean {
    return this.#hasProgress;
  }

  /** Why it goes round in circles, or undefined. */
  get circle(): string | undefined {
    if (this.#flatTurns === 0 || this.#flat < this.#flatTurns) return undefined;
    const turns = `${this.#flat} turns in a row`;
    if (this.#kind === 'artefact') return `${turns} left the artefact as it was before`;
    if (!this.#countsTests()) return `${turns} changed nothing and called nothing new`;
    const least = this.#least === Number.POSITIVE_INFINITY ? 'a number nobody could tell' : this.#least;
    return `${turns} without fewer failing tests than ${least}`;
  }

  /** True when the failing tests should be counted now: at the start, and after turns that changed files. */
  get wantsCount(): boolean {
    if (!this.#countsTests()) return false;
    return this.#least === undefined || (this.#turns > 0 && this.#isEdited);
  }

  saw(sighting: Sighting): void {
    const before = this.#last ?? sighting;
    this.#first ??= sighting;
    this.#last = sighting;
    if (before.work !== sighting.work) this.#edited();
    if (this.#isNew(before, sighting)) this.#isForward = true;
    if (sighting.changes > 0 || this.#isFirst(sighting)) this.#hasProgress = true;
    if (this.#kind !== 'tree') this.#judge();
  }

  /** The same call on another tree is another question, where the tree itself is not what is measured. */
  #edited(): void {
    this.#isEdited = true;
    if (this.#kind !== 'tree') this.#calls.clear();
  }

  /** What the task is measured by has moved at all, as far as a look can tell. */
  #isFirst({ head }: Sighting): boolean {
    if (this.#kind === 'artefact') return this.#isForward;
    return this.#kind === 'tree' && head !== this.#first?.head;
  }

  /** One turn of the agent is over. */
  turned(calls: readonly string[]): void {
    this.#turns += 1;
    for (const call of calls) {
      if (!this.#calls.has(call)) this.#isFresh = true;
      this.#calls.add(call);
    }
    // The others are judged at the next look: what the turn changed has not been seen yet.
    if (this.#kind === 'tree') this.#judge();
  }

  /** So many tests fail on a tree that the run had: infinitely many when nobody could count them. */
  counted(failing: number): void {
    const before = this.#least;
    this.#least = Math.min(before ?? failing, failing);
    if (before === undefined) return;
    if (failing < before) this.#hasProgress = true;
    this.#end(failing < before ? 'forward' : 'flat');
  }

  /** As long as none fails there is nothing to count down, and the tree says whether it goes on. */
  #countsTests(): boolean {
    return this.#kind === 'tests' && this.#least !== 0;
  }

  #isNew(before: Sighting, now: Sighting): boolean {
    const isArtefact = this.#kind === 'artefact';
    const isNew = this.#isUnseen(isArtefact ? `${now.artefact}` : `${now.work} ${now.head}`);
    // What was there at the start is nobody's progress.
    if (before === now) return false;
    return isNew || (!isArtefact && before.changes !== now.changes);
  }

  #isUnseen(content: string): boolean {
    if (this.#seen.has(content)) return false;
    if (this.#seen.size < seenMax) this.#seen.add(content);
    return true;
  }

  #judge(): void {
    if (this.#turns === 0) return;
    // A turn that changed files is judged by the tests, once they are counted.
    const waits = this.#countsTests() && this.#isEdited;
    if (!waits) this.#end(this.#isForward && !this.#countsTests() ? 'forward' : this.#standing());
  }

  /** What turns come to that moved nothing. */
  #standing(): 'forward' | 'flat' | 'open' {
    if (!this.#isFresh) return 'flat';
    if (this.#kind === 'tree') return 'forward';
    return this.#isEdited ? 'flat' : 'open';
  }

  /** Reading on is neither progress nor standing still, where something else than the tree is measured. */
  #end(turns: 'forward' | 'flat' | 'open'): void {
    if (turns === 'forward') this.#flat = 0;
    if (turns === 'flat') this.#flat += 1;
    this.#turns = 0;
    this.#isFresh = false;
    this.#isEdited = false;
    this.#isForward = false;
  }
}
