-- What was deleted in a space and can be restored, last deleted first.
create index records_deleted_of_space on records (space_id, deleted_at desc, seq desc) where deleted_at is not null;
