-- How much each space holds, deleted records included. Triggers count along, so that no way of writing is forgotten.
create table space_usage (
    space_id text primary key,
    records integer not null,
    bytes integer not null
);

insert into space_usage (space_id, records, bytes)
select space_id, count(*), sum(length(cast(data as blob)) + coalesce(length(cast(search_text as blob)), 0)) from records group by space_id;

create trigger space_usage_added after insert on records
begin
    insert into space_usage (space_id, records, bytes)
    values (new.space_id, 1, length(cast(new.data as blob)) + coalesce(length(cast(new.search_text as blob)), 0))
    on conflict (space_id) do update set records = records + 1, bytes = bytes + excluded.bytes;
end;

create trigger space_usage_changed after update of data, search_text on records
begin
    update space_usage set bytes = bytes
        + length(cast(new.data as blob)) + coalesce(length(cast(new.search_text as blob)), 0)
        - length(cast(old.data as blob)) - coalesce(length(cast(old.search_text as blob)), 0)
    where space_id = new.space_id;
end;

create trigger space_usage_removed after delete on records
begin
    update space_usage set records = records - 1, bytes = bytes - length(cast(old.data as blob)) - coalesce(length(cast(old.search_text as blob)), 0)
    where space_id = old.space_id;
end;

-- What was deleted and waits to be removed for good.
create index records_deleted on records (deleted_at) where deleted_at is not null;

-- The records of a space in the order in which they came, of whatever kind.
create index records_of_space on records (space_id, seq desc) where deleted_at is null;
