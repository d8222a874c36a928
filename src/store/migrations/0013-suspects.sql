-- Every round of the landing queue asks for the latest gate that a submission failed, and how others did on the same main.
create index gate_runs_failed_at on gate_runs (project, ended_at desc) where status = 'failed' and change is not null;
create index changes_base on changes (project, base) where kind = 'task';
