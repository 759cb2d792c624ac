-- A tick can be taken up again by another process. Its epoch is the fence: every write names the epoch under which it
-- was taken, and only the newest is accepted.
alter table ticks add column epoch integer not null default 0;
alter table ticks add column owner text;
alter table ticks add column persona text;
alter table ticks add column ignores_pause integer not null default 0;

-- An earlier version kept nothing that a tick could be resumed from: what it left open ends here, undelivered ones stay due.
update ticks set phase = 'ended', outcome = 'failed', stage = 'stopped', ended_at = started_at,
  error = 'left open by an earlier version, which could not resume it'
where ended_at is null;

-- A persona never has two ticks at once.
drop index ticks_open_idx;
create unique index ticks_open_idx on ticks (persona_id) where ended_at is null;

-- The intent is stored before the model is asked; the content is the answer as the brain needs it back.
alter table model_calls add column content text;
alter table model_calls add column asked integer not null default 1;

alter table calls add column sent integer not null default 1;

-- What the schedule has to know of a persona, without looking at all its ticks.
create table persona_states (
  persona_id text primary key,
  last_ended_at integer not null,
  failures integer not null default 0,
  not_before integer,
  last_error text
);
insert into persona_states (persona_id, last_ended_at)
  select persona_id, max(ended_at) from ticks where stage is null or stage <> 'stopped' group by persona_id;

-- Rows leave in the order in which they came in: ids of two ticks of one millisecond have none.
create table outbox_new (
  seq integer primary key autoincrement,
  id text not null unique,
  tick_id text not null,
  persona_id text not null,
  kind text not null,
  payload text not null,
  attempts integer not null default 0,
  next_attempt_at integer not null,
  last_error text,
  set_aside integer not null default 0,
  created_at integer not null
);
insert into outbox_new (id, tick_id, persona_id, kind, payload, attempts, next_attempt_at, last_error, set_aside, created_at)
  select id, tick_id, persona_id, kind, payload, attempts, next_attempt_at, last_error, set_aside, created_at from outbox order by id;
drop table outbox;
alter table outbox_new rename to outbox;
create index outbox_due_idx on outbox (set_aside, next_attempt_at);
create index outbox_tick_idx on outbox (tick_id);
create index outbox_persona_idx on outbox (persona_id, seq);
