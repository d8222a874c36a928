import type { ProgressMeasure } from '../protocol.ts';

/** An observation of the work of a run. */
export interface Sighting {
  /** Equal as long as no file has changed. */
  readonly work: string;
  readonly head: string | undefined;
  /** Calls of the gateway that changed state. */
  readonly changes: number;
  /** The content of the artefact that measures the task; undefined while there is none. */
  readonly artefact?: string | undefined;
}

const seenMax = 10_000;

/**
 * Judges from its turns if a run makes progress. Pure except for its memory. The task names the measure: a
 * tree that the run never had before; fewer failing tests than ever before; a content of one file that the
 * run never had before.
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
  /**
   * The turns since the last judgement: their number, and if a call was new, files changed, and the run made
   * progress.
   */
  #turns = 0;
  #isFresh = false;
  #isEdited = false;
  #isForward = false;

  constructor(kind: ProgressMeasure['kind'], flatTurns: number) {
    this.#kind = kind;
    this.#flatTurns = flatTurns;
  }

  /** True once the run has made progress: a commit, a call that changed state, or the measure of its task. */
  get hasProgress(): boolean {
    return this.#hasProgress;
  }

  /** The reason in words that the run goes round in circles, or undefined. */
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

  /**
   * Forgets calls after an edit: the same call on another tree is another question, unless the tree itself is
   * the measure.
   */
  #edited(): void {
    this.#isEdited = true;
    if (this.#kind !== 'tree') this.#calls.clear();
  }

  /** True when the measure of the task has changed, as far as an observation can tell. */
  #isFirst({ head }: Sighting): boolean {
    if (this.#kind === 'artefact') return this.#isForward;
    return this.#kind === 'tree' && head !== this.#first?.head;
  }

  /** Counts a finished turn of the agent. */
  turned(calls: readonly string[]): void {
    this.#turns += 1;
    for (const call of calls) {
      if (!this.#calls.has(call)) this.#isFresh = true;
      this.#calls.add(call);
    }
    // Turns under the other measures are judged at the next observation: the changes of the turn have not
    // been seen yet.
    if (this.#kind === 'tree') this.#judge();
  }

  /** Takes the number of tests that fail on a tree of the run: infinitely many when they could not be counted. */
  counted(failing: number): void {
    const before = this.#least;
    this.#least = Math.min(before ?? failing, failing);
    if (before === undefined) return;
    if (failing < before) this.#hasProgress = true;
    this.#end(failing < before ? 'forward' : 'flat');
  }

  /** False while no test fails: then there is no number to lower, and the tree tells progress. */
  #countsTests(): boolean {
    return this.#kind === 'tests' && this.#least !== 0;
  }

  #isNew(before: Sighting, now: Sighting): boolean {
    const isArtefact = this.#kind === 'artefact';
    const isNew = this.#isUnseen(isArtefact ? `${now.artefact}` : `${now.work} ${now.head}`);
    // Content present at the start is nobody's progress.
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
    // The tests judge a turn that changed files, once they are counted.
    const waits = this.#countsTests() && this.#isEdited;
    if (!waits) this.#end(this.#isForward && !this.#countsTests() ? 'forward' : this.#standing());
  }

  /** The judgement of turns without any progress. */
  #standing(): 'forward' | 'flat' | 'open' {
    if (!this.#isFresh) return 'flat';
    if (this.#kind === 'tree') return 'forward';
    return this.#isEdited ? 'flat' : 'open';
  }

  /** Reading on is neither progress nor standing still, unless the tree is the measure. */
  #end(turns: 'forward' | 'flat' | 'open'): void {
    if (turns === 'forward') this.#flat = 0;
    if (turns === 'flat') this.#flat += 1;
    this.#turns = 0;
    this.#isFresh = false;
    this.#isEdited = false;
    this.#isForward = false;
  }
}
