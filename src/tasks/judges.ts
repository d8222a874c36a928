/** SQL: true when the gate run `g` waits for a validator, as the plan of its project declares the gate today. */
export const awaitsValidator = `(g.manual and g.status = 'waiting'
  and coalesce((select p.plan->'gates'->g.gate->>'by' from projects p where p.name = g.project) = 'validator', false))`;

/** SQL: true when the change `c` waits for nothing but a judge, who passes the gates that may be left by approving. */
export const awaitsJudge = `(c.kind = 'task' and (c.state = 'judging' or c.state = 'gating'
  and exists (select from gate_runs g where g.change = c.id and g.tree = c.tree and g.status <> 'passed')
  and not exists (select from gate_runs g where g.change = c.id and g.tree = c.tree and g.status <> 'passed' and not ${awaitsValidator})))`;
