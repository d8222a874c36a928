/** Cents in one unit of a currency. */
export const centsPerUnit = 100;
