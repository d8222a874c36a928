import type { Plan } from './plan.ts';

/** Most changes that one run vouches for, and the runs that a change gets before it is refused. */
export interface LandingSettings {
  readonly batch: number;
  readonly retry: number;
}

const defaults: LandingSettings = { batch: 8, retry: 1 };

/** The settings of landing that a plan names, or their defaults. */
export const landingSettings = (plan: Plan | undefined): LandingSettings => ({
  batch: plan?.landing?.batch ?? defaults.batch,
  retry: plan?.landing?.retry ?? defaults.retry,
});
