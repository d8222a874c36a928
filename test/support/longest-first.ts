import { relative, resolve } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = resolve(import.meta.dirname, '../..');

/** Seconds that files took which take more than ten, when somebody last looked (two cores, nothing else running). */
const seconds: Readonly<Record<string, number>> = {};

/** Long files first, so that both workers have something to do to the end; the rest as vitest has it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = ({ moduleId }: TestSpecification): number => seconds[relative(root, moduleId)] ?? 0;
    return sorted.toSorted((a, b) => of(b) - of(a));
  }
}
