-- The words of every record that can be found, one term each: the key of its space with a folded word, so that a search
-- reads only what its own space has. There is no second copy of the text, and no positions are kept.
create virtual table record_words using fts5(
    words,
    content = '',
    contentless_delete = 1,
    detail = none,
    tokenize = "ascii tokenchars '!:-'"
);

-- Whatever removes a record removes its words.
create trigger record_words_removed after delete on records
begin
    delete from record_words where rowid = old.seq;
end;

-- How far the records that were there before have been indexed.
create table record_indexing (
    id integer primary key check (id = 1),
    done_until integer not null,
    last integer not null
);

insert into record_indexing (id, done_until, last) select 1, 0, coalesce(max(seq), 0) from records;
