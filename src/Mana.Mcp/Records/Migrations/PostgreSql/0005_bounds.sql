-- How much each space holds, deleted records included. A trigger counts along, so that no way of writing is forgotten.
create table space_usage (
    space_id text primary key,
    records bigint not null,
    bytes bigint not null
);

insert into space_usage (space_id, records, bytes)
select space_id, count(*), sum(octet_length(data) + coalesce(octet_length(search_text), 0)) from records group by space_id;

create function count_space_usage() returns trigger language plpgsql as $body$
begin
    if tg_op = 'INSERT' then
        insert into space_usage as usage (space_id, records, bytes)
        values (new.space_id, 1, octet_length(new.data) + coalesce(octet_length(new.search_text), 0))
        on conflict (space_id) do update set records = usage.records + 1, bytes = usage.bytes + excluded.bytes;
    elsif tg_op = 'UPDATE' then
        update space_usage set bytes = bytes
            + octet_length(new.data) + coalesce(octet_length(new.search_text), 0)
            - octet_length(old.data) - coalesce(octet_length(old.search_text), 0)
        where space_id = new.space_id;
    else
        update space_usage set records = records - 1, bytes = bytes - octet_length(old.data) - coalesce(octet_length(old.search_text), 0)
        where space_id = old.space_id;
    end if;
    return null;
end
$body$;

create trigger space_usage_counted after insert or delete or update of data, search_text on records
for each row execute function count_space_usage();

-- What was deleted and waits to be removed for good.
create index records_deleted on records (deleted_at) where deleted_at is not null;

-- The records of a space in the order in which they came, of whatever kind.
create index records_of_space on records (space_id, seq desc) where deleted_at is null;

-- When each user called each tool last: the rate of calls over all processes. SQLite has one process, which keeps it in
-- memory. Unlogged: nothing here matters longer than a minute, and no call should wait for the disk because of it.
create unlogged table call_rates (
    user_id text not null,
    tool text not null,
    times bigint[] not null,
    calls_before integer not null,
    last_call bigint not null,
    primary key (user_id, tool)
);

create index call_rates_by_age on call_rates (last_call);
