import { type DirectProcedure, directProcedures, t } from './admission/procedure.ts';
import { auditRouter } from './audits/procedures.ts';
import { gateRouter } from './changes/gates.ts';
import { changeRouter } from './changes/procedures.ts';
import { verdictRouter } from './changes/verdicts.ts';
import { eventRouter } from './events/procedures.ts';
import { briefingRouter } from './memory/briefings.ts';
import { decisionRouter } from './memory/decisions.ts';
import { recordRouter } from './memory/records.ts';
import { solutionRouter } from './memory/solutions.ts';
import { messageRouter } from './messages/procedures.ts';
import { alertRouter, reportRouter } from './messages/reports.ts';
import { pageRouter } from './page/procedures.ts';
import { phaseRouter } from './plan/phases.ts';
import { planRouter } from './plan/procedures.ts';
import { projectRouter } from './projects/procedures.ts';
import { agentRouter } from './runs/agents.ts';
import { runRouter } from './runs/procedures.ts';
import type { Gateway } from './services.ts';
import { cordRouter } from './stops/procedures.ts';
import { taskRouter } from './tasks/procedures.ts';
import { questionRouter } from './tasks/question-page.ts';
import { tokenRouter } from './tokens/procedures.ts';
import { triggerRouter } from './triggers/procedures.ts';

/** The router of all procedures. Every action of the gateway is a procedure of this router or a request of git. */
export function createRouter(gateway: Gateway) {
  let known: ReadonlyMap<string, DirectProcedure> = new Map();
  const router = t.router({
    agent: agentRouter(gateway),
    alert: alertRouter(gateway),
    audit: auditRouter(gateway),
    briefing: briefingRouter(gateway),
    change: changeRouter(gateway),
    cord: cordRouter(gateway),
    decision: decisionRouter(gateway),
    event: eventRouter(gateway),
    gate: gateRouter(gateway),
    message: messageRouter(gateway),
    page: pageRouter(gateway, () => known),
    phase: phaseRouter(gateway),
    plan: planRouter(gateway),
    project: projectRouter(gateway),
    question: questionRouter(gateway),
    record: recordRouter(gateway),
    report: reportRouter(gateway),
    run: runRouter(gateway),
    solution: solutionRouter(gateway),
    task: taskRouter(gateway),
    token: tokenRouter(gateway),
    trigger: triggerRouter(gateway),
    verdict: verdictRouter(gateway),
  });
  known = directProcedures(router);
  return router;
}

/** The type that clients need; a type-only import of it crosses no layer. */
export type AppRouter = ReturnType<typeof createRouter>;
