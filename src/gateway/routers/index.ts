import { t } from '../door/procedure.ts';
import type { Gateway } from '../services.ts';
import { agentRouter } from './agent.ts';
import { auditRouter } from './audit.ts';
import { changeRouter } from './change.ts';
import { cordRouter } from './cord.ts';
import { eventRouter } from './event.ts';
import { gateRouter } from './gate.ts';
import { messageRouter } from './message.ts';
import { phaseRouter } from './phase.ts';
import { planRouter } from './plan.ts';
import { projectRouter } from './project.ts';
import { reportRouter } from './report.ts';
import { runRouter } from './run.ts';
import { taskRouter } from './task.ts';
import { tokenRouter } from './token.ts';
import { triggerRouter } from './trigger.ts';
import { verdictRouter } from './verdict.ts';

/** Everything that the gateway does. The only door. */
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
