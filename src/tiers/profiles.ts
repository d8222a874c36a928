import type { Tier } from './actions.ts';
import { executive } from './executive.ts';
import { human } from './human.ts';
import { implementer } from './implementer.ts';
import type { TierProfile } from './profile.ts';
import { validator } from './validator.ts';

/** The profile of every tier. */
export const profiles: Readonly<Record<Tier, TierProfile>> = { human, executive, implementer, validator };

export const tierNames = Object.keys(profiles) as readonly Tier[];
