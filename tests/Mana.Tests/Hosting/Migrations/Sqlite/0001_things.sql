create table things (id text primary key, at integer not null, is_good integer not null);
