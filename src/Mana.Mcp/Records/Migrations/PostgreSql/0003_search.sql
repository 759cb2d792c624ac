-- The words of every record that can be found, one lexeme each: the key of its space with a folded word, so that a search
-- reads only what its own space has. There is no second copy of the text, and no positions are kept.
create table record_words (
    rowid bigint primary key references records (seq) on delete cascade,
    words tsvector not null
);

create index record_words_by_word on record_words using gin (words);

-- How far the records that were there before have been indexed.
create table record_indexing (
    id integer primary key check (id = 1),
    done_until bigint not null,
    last bigint not null
);

insert into record_indexing (id, done_until, last) select 1, 0, coalesce(max(seq), 0) from records;
