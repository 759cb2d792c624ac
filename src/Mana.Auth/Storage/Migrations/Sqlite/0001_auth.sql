create table users (
  id text primary key,
  name text not null,
  email text not null unique,
  email_verified integer not null,
  image text,
  role text not null check (role in ('user', 'admin', 'service')),
  access_tier text not null check (access_tier in ('guest', 'public', 'beta', 'alpha', 'founder')),
  kind text not null check (kind in ('human', 'persona', 'system')),
  two_factor_enabled integer not null default 0,
  created_at bigint not null,
  updated_at bigint not null,
  deleted_at bigint
);
create index users_created_idx on users (created_at);

create table accounts (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  created_at bigint not null,
  updated_at bigint not null,
  unique (user_id, provider_id)
);

create table sessions (
  id text primary key,
  token_hash text not null unique,
  user_id text not null references users (id) on delete cascade,
  expires_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  ip_address text,
  user_agent text,
  remember_me integer not null
);
create index sessions_user_idx on sessions (user_id);
create index sessions_expires_idx on sessions (expires_at);

create table jwks (
  id text primary key,
  public_key text not null,
  private_key text not null,
  created_at bigint not null,
  retired_at bigint
);

create table organizations (
  id text primary key,
  name text not null,
  slug text not null unique,
  logo text,
  metadata text,
  created_at bigint not null
);

create table members (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  role text not null,
  created_at bigint not null,
  unique (organization_id, user_id)
);
create index members_user_idx on members (user_id);

create table login_failures (
  id text primary key,
  email text not null,
  ip_address text,
  attempted_at bigint not null
);
create index login_failures_email_idx on login_failures (email, attempted_at);

create table login_lockouts (
  email text primary key,
  locked_until bigint not null
);

create table personas (
  user_id text primary key references users (id) on delete cascade,
  archetype text not null,
  system_prompt text not null,
  module_mix text not null,
  tick_cadence text not null,
  time_zone text,
  language text,
  active_hours text,
  last_active_at bigint,
  next_due_at bigint,
  failures integer not null default 0,
  created_at bigint not null,
  updated_at bigint not null
);
create index personas_due_idx on personas (next_due_at, user_id);
create index personas_archetype_idx on personas (archetype);

create table persona_actions (
  persona_id text not null references personas (user_id) on delete cascade,
  id text not null,
  tick_id text not null,
  seq integer not null,
  tool_name text not null,
  input_hash text,
  result text not null check (result in ('ok', 'error')),
  error_message text,
  latency_ms integer,
  created_at bigint not null,
  primary key (persona_id, id)
);
create index persona_actions_persona_idx on persona_actions (persona_id, created_at);
create index persona_actions_tick_idx on persona_actions (tick_id);

create table persona_feedback (
  persona_id text not null references personas (user_id) on delete cascade,
  id text not null,
  tick_id text not null,
  module text not null,
  rating integer not null check (rating between 1 and 5),
  notes text,
  created_at bigint not null,
  primary key (persona_id, id)
);
create index persona_feedback_persona_idx on persona_feedback (persona_id, created_at);
create index persona_feedback_module_idx on persona_feedback (module, created_at);

create table persona_ticks (
  persona_id text not null references personas (user_id) on delete cascade,
  tick_id text not null,
  outcome text not null check (outcome in ('completed', 'idle', 'failed', 'timed-out')),
  started_at bigint not null,
  ended_at bigint not null,
  brain text not null,
  tool_calls integer not null,
  error text,
  created_at bigint not null,
  primary key (persona_id, tick_id)
);

-- No reference to organizations: the row says that the space is gone and its records are to follow.
create table space_cleanups (
  space_id text primary key,
  attempts integer not null default 0,
  next_attempt_at bigint not null,
  last_error text,
  created_at bigint not null
);
create index space_cleanups_next_idx on space_cleanups (next_attempt_at);
create index persona_ticks_ended_idx on persona_ticks (persona_id, ended_at);
