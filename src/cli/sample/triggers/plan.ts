import { readPlan } from '../example.ts';

/** The plan of `andon sample --triggers`: seconds in the place of a real plan's hours. */
export const triggersPlan = (): string => readPlan('andon-triggers.yaml');

/** Seconds to the deadline of `format`, from the moment when its agents are at work. */
export const deadlineSeconds = 40;

/** The plan with a deadline, which is filled in when the first agents are at work. */
export const withDeadline = (at: Date): string =>
  triggersPlan().replace(
    '    title: Show amounts to people\n',
    (line) => `${line}    deadline: ${at.toISOString()}\n`,
  );
