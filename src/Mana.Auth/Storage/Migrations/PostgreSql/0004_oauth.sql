-- Clients that an administrator has registered. The secret's hash is null for clients that can keep none.
create table oauth_clients (
  id text primary key,
  name text not null,
  redirect_uris text not null,
  scope text not null,
  secret_hash text,
  created_by text not null,
  created_at bigint not null
);

-- What a user allowed a client: a family of refresh tokens. A grant that is taken back is gone with all of them.
create table oauth_grants (
  id text primary key,
  client_id text not null references oauth_clients (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  resource text not null,
  scope text not null,
  created_at bigint not null,
  last_used_at bigint not null,
  expires_at bigint not null
);
create index oauth_grants_user_idx on oauth_grants (user_id);
create index oauth_grants_client_idx on oauth_grants (client_id);
create index oauth_grants_expires_idx on oauth_grants (expires_at);

-- Authorization codes, by hash. A used one is kept for a while, to notice whoever brings it again.
create table oauth_codes (
  code_hash text primary key,
  client_id text not null references oauth_clients (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  redirect_uri text not null,
  code_challenge text not null,
  resource text not null,
  scope text not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint,
  grant_id text
);
create index oauth_codes_user_idx on oauth_codes (user_id);
create index oauth_codes_client_idx on oauth_codes (client_id);
create index oauth_codes_expires_idx on oauth_codes (expires_at);

-- Refresh tokens, by hash; used ones stay as long as their grant, so that a stolen one betrays itself.
create table oauth_refresh_tokens (
  token_hash text primary key,
  grant_id text not null references oauth_grants (id) on delete cascade,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);
create index oauth_refresh_tokens_grant_idx on oauth_refresh_tokens (grant_id);
create index oauth_refresh_tokens_expires_idx on oauth_refresh_tokens (expires_at);
