-- The first answers of calls that carried an idempotency key; fingerprint says what was called, by whom and with what.
create table idempotency_keys (
    space_id text not null,
    idempotency_key text not null,
    fingerprint text not null,
    answer text not null,
    created_at bigint not null,
    primary key (space_id, idempotency_key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);
