import { buildTools } from './build-tools.ts';
import { ciTools } from './ci.ts';
import { judgeTools } from './judges.ts';
import { packageTools } from './packages.ts';
import { testTools } from './test-tools.ts';
import type { SteeredTool } from './tool.ts';
import { workplaceTools } from './workplace.ts';

/**
 * Every tool whose settings a repository may hold, with the files that hold them. The table is part of the
 * program: judges and `andon plan check` look it up, and it is never copied into plans, tasks, tokens or
 * answers. A missing tool is a hole: add it with the page of its documentation. Names that also stand for
 * ordinary files (`conftest.py`, `tsconfig.json` of a package) are listed all the same, because they steer;
 * `unprotect` of a task opens them.
 */
export const steeredTools: readonly SteeredTool[] = [
  ...buildTools,
  ...packageTools,
  ...testTools,
  ...judgeTools,
  ...ciTools,
  ...workplaceTools,
];
