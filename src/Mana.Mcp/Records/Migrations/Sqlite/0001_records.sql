-- seq makes the order of rows with the same order_key the order in which they came.
create table records (
    seq integer primary key autoincrement,
    id text not null unique,
    space_id text not null,
    collection text not null,
    author_id text not null,
    visibility text not null default 'space',
    parent_id text,
    state text not null,
    order_key text not null,
    search_text text,
    data text not null,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
);

create index records_newest on records (space_id, collection, order_key desc, seq desc);
create index records_by_state on records (space_id, collection, state, order_key desc, seq desc);
create index records_by_parent on records (parent_id, order_key desc, seq desc) where parent_id is not null;

-- How many records of a kind a space ever had: positions that are given once, also to writers at the same moment.
create table record_counters (
    space_id text not null,
    collection text not null,
    created integer not null,
    primary key (space_id, collection)
);
