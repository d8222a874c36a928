import { readPlan } from '../example.ts';

/** The plan of `andon sample --triggers`: seconds stand where a real plan has hours. */
export const triggersPlan = (): string => readPlan('andon-triggers.yaml');

/** Seconds from now to the deadline of `format`, when the ones who work on it are there. */
export const deadlineSeconds = 40;

/** The plan with a deadline, which is filled in when the first agents are at work. */
export const withDeadline = (at: Date): string =>
  triggersPlan().replace(
    '    title: Show amounts to people\n',
    (line) => `${line}    deadline: ${at.toISOString()}\n`,
  );
