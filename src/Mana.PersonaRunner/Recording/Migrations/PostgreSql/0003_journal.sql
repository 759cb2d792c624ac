-- A tick can be taken up again by another process. Its epoch is the fence: every write names the epoch under which it
-- was taken, and only the newest is accepted.
alter table ticks add column epoch bigint not null default 0;
alter table ticks add column owner text;
alter table ticks add column persona text;
alter table ticks add column ignores_pause boolean not null default false;

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
  last_ended_at bigint not null,
  failures integer not null default 0,
  not_before bigint,
  last_error text
);
insert into persona_states (persona_id, last_ended_at)
  select persona_id, max(ended_at) from ticks where stage is null or stage <> 'stopped' group by persona_id;

-- Rows leave in the order in which they came in: ids of two ticks of one millisecond have none.
alter table outbox add column seq bigserial;
drop index outbox_persona_idx;
create index outbox_persona_idx on outbox (persona_id, seq);
