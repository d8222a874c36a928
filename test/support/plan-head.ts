/** The part of a plan that most tests share. */
export interface PlanHead {
  readonly project?: string;
  readonly done?: 'landed' | 'approved' | 'artefact';
}

/** The first lines of a plan with the one phase `build`; gates, agents and tasks follow. */
export const planHead = ({ project = 'shop', done = 'landed' }: PlanHead = {}): string =>
  `version: 1\nproject: ${project}\ndone: ${done}\nphases: [build]`;
