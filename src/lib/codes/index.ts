import type { CodeRow } from '../code-row.ts';
import { codeCodes } from './code.ts';
import { cordCodes } from './cord.ts';
import { gitCodes } from './git.ts';
import { logCodes } from './log.ts';
import { memoryCodes } from './memory.ts';
import { pageCodes } from './page.ts';
import { requestCodes } from './request.ts';
import { runCodes } from './run.ts';
import { taskCodes } from './task.ts';
import { tokenCodes } from './token.ts';
import { triggerCodes } from './trigger.ts';

/** The one table of stable codes. A code is never renamed or reused. */
export const codes = {
  ...tokenCodes,
  ...gitCodes,
  ...codeCodes,
  ...taskCodes,
  ...cordCodes,
  ...logCodes,
  ...runCodes,
  ...memoryCodes,
  ...pageCodes,
  ...requestCodes,
  ...triggerCodes,
} as const satisfies Record<string, CodeRow>;

/** A stable code: clients compare codes, so the text of a code never changes. */
export type Code = keyof typeof codes;

/** True when `text` is a code of the table. */
export const isCode = (text: string): text is Code => Object.hasOwn(codes, text);
