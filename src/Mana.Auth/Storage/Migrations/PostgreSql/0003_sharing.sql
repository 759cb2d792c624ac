-- Which destructive tools may run for a user: a JSON array of patterns. No row means none.
create table tool_policies (
  user_id text primary key references users (id) on delete cascade,
  allow_destructive text not null,
  updated_at bigint not null
);

-- Invitations that are open; accepted, declined and revoked ones are gone.
create table invitations (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  email text not null,
  role text not null check (role in ('admin', 'member', 'viewer')),
  invited_by text not null references users (id) on delete cascade,
  created_at bigint not null,
  expires_at bigint not null,
  unique (organization_id, email)
);
create index invitations_email_idx on invitations (email);
create index invitations_inviter_idx on invitations (invited_by);
create index invitations_expires_idx on invitations (expires_at);
