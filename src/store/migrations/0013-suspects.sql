-- Whether a submission on the present main has failed a gate is asked in every round of the landing queue.
create index changes_base on changes (project, base) where kind = 'task';
