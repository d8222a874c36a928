import { t } from './admission/procedure.ts';
import { auditRouter } from './audits/procedures.ts';
import { gateRouter } from './changes/gates.ts';
import { changeRouter } from './changes/procedures.ts';
import { verdictRouter } from './changes/verdicts.ts';
import { eventRouter } from './events/procedures.ts';
import { messageRouter } from './messages/procedures.ts';
import { reportRouter } from './messages/reports.ts';
import { phaseRouter } from './plan/phases.ts';
import { planRouter } from './plan/procedures.ts';
import { projectRouter } from './projects/procedures.ts';
import { agentRouter } from './runs/agents.ts';
import { runRouter } from './runs/procedures.ts';
import type { Gateway } from './services.ts';
import { cordRouter } from './stops/procedures.ts';
import { taskRouter } from './tasks/procedures.ts';
import { tokenRouter } from './tokens/procedures.ts';
import { triggerRouter } from './triggers/procedures.ts';

/** The router of all procedures. Every action of the gateway is a procedure of this router or a request of git. */
export function createRouter(gateway: Gateway) {
  return t.router({
    agent: agentRouter(gateway),
    audit: auditRouter(gateway),
    change: changeRouter(gateway),
    cord: cordRouter(gateway),
    event: eventRouter(gateway),
    gate: gateRouter(gateway),
    message: messageRouter(gateway),
    phase: phaseRouter(gateway),
    plan: planRouter(gateway),
    project: projectRouter(gateway),
    report: reportRouter(gateway),
    run: runRouter(gateway),
    task: taskRouter(gateway),
    token: tokenRouter(gateway),
    trigger: triggerRouter(gateway),
    verdict: verdictRouter(gateway),
  });
}

/** The type that clients need; a type-only import of it crosses no layer. */
export type AppRouter = ReturnType<typeof createRouter>;
