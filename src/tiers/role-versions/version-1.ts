import type { RoleSets } from './role-sets.ts';

// Frozen: tokens of version 1 name these sets. A change of a role takes a new version; see index.ts.
const people =
  'project:create,read,sync plan:apply,read phase:advance ' +
  'task:read,claim,renew,release,steal,ask,answer,abandon repo:fetch,push change:check,read,submit ' +
  'gate:read,pass verdict:approve,reject report:write token:mint,renew,revoke,read grant:explain ' +
  'key:rotate event:read audit:run,read,verify log:accept agent:terminate cord:pull,clear,read ' +
  'message:read,mark,send agent:spawn,update,read run:read,stop,take,report ' +
  'trigger:create,fire,pause,read';
const delegatedByExecutives =
  'project:read plan:read task:read,claim,renew,release,ask repo:fetch,push ' +
  'change:check,read,submit gate:read,pass verdict:approve,reject report:write token:renew ' +
  'grant:explain event:read audit:read,verify cord:pull,clear,read message:read,mark,send ' +
  'agent:update,read run:read trigger:read';
const implementers =
  'project:read plan:read task:read,claim,renew,release,ask repo:fetch,push ' +
  'change:check,read,submit gate:read token:renew grant:explain event:read audit:read ' +
  'cord:pull,clear,read message:read,mark,send agent:update,read run:read trigger:read';

/** Actions of each role name in version 1. */
export const version1: RoleSets = {
  OWNER: {
    ops: people,
    dops: people,
  },
  OBSERVER: {
    ops:
      'project:read plan:read task:read repo:fetch change:check,read gate:read token:renew,read ' +
      'grant:explain event:read audit:read,verify cord:pull,read message:read,mark agent:read run:read ' +
      'trigger:read',
    dops: people,
  },
  LEAD: {
    ops:
      'project:read plan:apply,read task:read,steal,ask,abandon repo:fetch change:check,read gate:read ' +
      'report:write token:mint,renew,revoke,read grant:explain event:read audit:run,read,verify ' +
      'agent:terminate cord:pull,clear,read message:read,mark,send agent:spawn,update,read ' +
      'run:read,stop trigger:create,fire,pause,read',
    dops: delegatedByExecutives,
  },
  RUNNER: {
    ops:
      'project:read plan:read task:read repo:fetch change:check,read gate:read token:renew,read ' +
      'grant:explain event:read audit:read,verify cord:pull,read message:read agent:read ' +
      'run:read,take,report trigger:read',
    dops: '',
  },
  MONITOR: {
    ops:
      'project:read plan:read task:read,ask repo:fetch change:check,read gate:read report:write ' +
      'token:renew,read grant:explain event:read audit:run,read,verify agent:terminate ' +
      'cord:pull,clear,read message:read,mark,send agent:update,read run:read,stop trigger:read',
    dops: delegatedByExecutives,
  },
  IMPLEMENTER: {
    ops: implementers,
    dops: '',
  },
  DEBUGGER: {
    ops: implementers,
    dops: '',
  },
  TESTER: {
    ops: implementers,
    dops: '',
  },
  WRITER: {
    ops: implementers,
    dops: '',
  },
  VALIDATOR: {
    ops:
      'project:read plan:read task:read,ask repo:fetch change:check,read gate:read,pass ' +
      'verdict:approve,reject report:write token:renew grant:explain event:read audit:read,verify ' +
      'cord:pull,clear,read message:read,mark,send agent:update,read run:read trigger:read',
    dops: '',
  },
  CODE_REVIEWER: {
    ops:
      'project:read plan:read task:read,ask repo:fetch change:check,read gate:read ' +
      'verdict:approve,reject report:write token:renew grant:explain event:read audit:read,verify ' +
      'cord:pull,clear,read message:read,mark,send agent:update,read run:read trigger:read',
    dops: '',
  },
  GATEKEEPER: {
    ops:
      'project:read plan:read task:read,ask repo:fetch change:check,read gate:read,pass report:write ' +
      'token:renew grant:explain event:read audit:read,verify cord:pull,clear,read ' +
      'message:read,mark,send agent:update,read run:read trigger:read',
    dops: '',
  },
  AUDITOR: {
    ops:
      'project:read plan:read task:read,ask repo:fetch change:check,read gate:read report:write ' +
      'token:renew grant:explain event:read audit:read,verify cord:pull,clear,read ' +
      'message:read,mark,send agent:update,read run:read trigger:read',
    dops: '',
  },
};
