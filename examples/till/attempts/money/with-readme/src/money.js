import { centsPerUnit } from './index.js';

/** An amount in cents from units and cents. */
export const cents = (units, rest = 0) => units * centsPerUnit + rest;
