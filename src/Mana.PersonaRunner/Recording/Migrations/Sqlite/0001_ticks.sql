create table ticks (
  id text primary key,
  persona_id text not null,
  email text not null,
  name text not null,
  archetype text not null,
  brain text not null,
  model text,
  phase text not null,
  outcome text,
  stage text,
  error text,
  summary text,
  missing_ratings integer not null default 0,
  started_at integer not null,
  ended_at integer
);
create index ticks_started_idx on ticks (started_at desc);
create index ticks_persona_idx on ticks (persona_id, started_at desc);
create index ticks_open_idx on ticks (phase) where ended_at is null;

create table turns (
  tick_id text not null references ticks (id) on delete cascade,
  seq integer not null,
  role text not null,
  text text not null,
  at integer not null,
  primary key (tick_id, seq)
);

create table calls (
  tick_id text not null references ticks (id) on delete cascade,
  seq integer not null,
  turn integer not null,
  tool_use_id text not null,
  tool text not null,
  module text not null,
  input text not null,
  input_hash text not null,
  result text,
  output text,
  latency_ms integer,
  at integer not null,
  primary key (tick_id, seq)
);
create index calls_hash_idx on calls (input_hash);

create table ratings (
  tick_id text not null references ticks (id) on delete cascade,
  module text not null,
  rating integer check (rating between 1 and 5),
  what_happened text,
  note text,
  evidence text not null,
  at integer not null,
  primary key (tick_id, module)
);
create index ratings_module_idx on ratings (module, at desc);

create table model_calls (
  tick_id text not null references ticks (id) on delete cascade,
  seq integer not null,
  purpose text not null,
  finish text,
  input_tokens integer not null,
  output_tokens integer not null,
  cache_read_tokens integer not null,
  cache_write_tokens integer not null,
  latency_ms integer not null,
  at integer not null,
  primary key (tick_id, seq)
);

create table outbox (
  id text primary key,
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
create index outbox_due_idx on outbox (set_aside, next_attempt_at);
create index outbox_tick_idx on outbox (tick_id);
create index outbox_persona_idx on outbox (persona_id, id);

create table settings (
  key text primary key,
  value text not null
);
