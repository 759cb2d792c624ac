-- Spaces and users whose rows were removed a moment ago: a call that was let in just before must not leave new ones behind.
create table removals (
    owner text primary key,
    removed_at bigint not null
);
