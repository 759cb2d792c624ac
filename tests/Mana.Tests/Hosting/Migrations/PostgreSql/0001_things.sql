create table things (id text primary key, at bigint not null, is_good boolean not null);
