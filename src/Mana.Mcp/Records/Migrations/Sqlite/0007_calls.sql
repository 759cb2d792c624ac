-- The idempotency key of the call that made the record: what a tick wrote can be told from all else.
alter table records add column call_key text;

create index records_of_call on records (call_key) where call_key is not null;
create index idempotency_keys_by_key on idempotency_keys (idempotency_key);
