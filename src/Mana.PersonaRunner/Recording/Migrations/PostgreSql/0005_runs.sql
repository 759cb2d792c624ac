-- The run that opened the tick: one start of a runner until its end. Ticks of earlier versions belong to none.
alter table ticks add column run text;

create index ticks_run_idx on ticks (run) where run is not null;
