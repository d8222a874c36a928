/** Triggers, the slots that wait to be fired, what was fired, and what is sent outside. */
export const triggers = `
create table triggers (
  id text primary key,
  project text not null references projects on delete cascade,
  name text not null,
  kind text not null,
  -- the entry of andon.yaml, defaults filled in
  spec jsonb not null,
  source text not null,
  owner text not null,
  owner_gid text not null references grants,
  owner_epoch int not null,
  state text not null,
  -- what it waits for: the time, and the slot that the time is that of
  next_at timestamptz,
  next_slot timestamptz,
  -- the type of event, and the position after which events count
  on_type text,
  from_position bigint,
  fired bigint not null default 0,
  missed bigint not null default 0,
  refused bigint not null default 0,
  held_back bigint not null default 0,
  last_at timestamptz,
  last_outcome text,
  -- the run or task that it made last
  last_made text,
  hour_at timestamptz,
  hour_count int not null default 0,
  hour_held int not null default 0,
  created_at timestamptz not null default andon_now(),
  unique (project, name)
);
-- Both hold what is armed and nothing else, so a tick costs the same after a million fires.
create index triggers_due on triggers (next_at) where state = 'active' and next_at is not null;
create index triggers_on on triggers (on_type, project) where state = 'active' and on_type is not null;
create index triggers_digest on triggers (hour_at) where hour_held > 0;

-- Slots that have come and wait to be fired.
create table trigger_due (
  trigger text not null references triggers on delete cascade,
  slot text not null,
  project text not null,
  at timestamptz not null,
  put_at timestamptz not null default andon_now(),
  -- set while an earlier run of the trigger holds it up
  queued boolean not null default false,
  cause jsonb not null,
  primary key (trigger, slot)
);
create index trigger_due_at on trigger_due (put_at);

-- One row for a slot, for good: whoever inserts it fires.
create table trigger_fires (
  trigger text not null references triggers on delete cascade,
  slot text not null,
  slot_at timestamptz not null,
  at timestamptz not null default andon_now(),
  outcome text not null,
  made text,
  error jsonb,
  causes text[] not null,
  primary key (trigger, slot)
);
create index trigger_fires_at on trigger_fires (trigger, at);
create index trigger_fires_made on trigger_fires (made) where made is not null;

-- How far events have been looked at, and what conditions have counted so far.
create table trigger_tail (one boolean primary key default true, position bigint not null);
insert into trigger_tail (position) values (0);
create table trigger_tallies (
  trigger text not null references triggers on delete cascade,
  key text not null,
  times timestamptz[] not null,
  at timestamptz not null default andon_now(),
  primary key (trigger, key)
);

-- What is to be sent outside: written with the fire, done after the commit, its outcome written then.
create table trigger_deliveries (
  id text primary key,
  project text not null references projects on delete cascade,
  trigger text not null,
  slot text not null,
  kind text not null,
  target text not null,
  body text not null,
  state text not null,
  tries int not null default 0,
  next_try_at timestamptz not null default andon_now(),
  status text,
  error text,
  created_at timestamptz not null default andon_now(),
  ended_at timestamptz
);
create index trigger_deliveries_waiting on trigger_deliveries (next_try_at) where state = 'waiting';
create index trigger_deliveries_of on trigger_deliveries (trigger, slot);

-- Tasks that a trigger added to the plan; a plan that is applied from a file does not take them away.
alter table tasks add column made_by text;
`;
