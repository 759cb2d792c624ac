-- Who made the call: what a user wrote in the spaces of others can be removed, first answers included.
alter table idempotency_keys add column author_id text;

create index idempotency_keys_of_author on idempotency_keys (author_id) where author_id is not null;
create index records_of_author on records (author_id);
