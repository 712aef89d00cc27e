-- Workers: processes that share a run (`etl run --join`). Each renews its row while it lives. One whose time has run out
-- has lost its lanes to whoever claims them next, and its part of the quota to the others.

create table if not exists etl.worker (
    worker        uuid primary key,
    source        text not null,
    target_schema text not null,
    name          text not null,
    etl_version   text not null,
    task          text check (task in ('plan', 'finish')),
    lanes         integer not null default 0,
    reading       boolean not null default true,
    reads         double precision not null default 0,
    joined_at     timestamptz not null default now(),
    until         timestamptz not null
);

comment on table etl.worker is 'Processes that share a run: what each is at, the reads a second it may make, and until when it counts as alive';

-- Altering takes a lock that waits for whoever loads, so it is not asked for where it would change nothing.
do $$
begin
    if not exists (select from pg_attribute where attrelid = 'etl.lane'::regclass and attname = 'worker') then
        alter table etl.lane add column worker uuid, add column claims integer not null default 0,
                             add column claimed_at_read bigint not null default 0,
                             add column upto bytea;
    end if;
end $$;

comment on column etl.lane.upto is 'Where a lane ends since a part of it was cut off, as in the plan; nothing means where it was to end at first';
