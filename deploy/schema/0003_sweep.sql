-- Sweeps: passes over a source that has no snapshots, after its records were loaded. Each makes the rows of a lane
-- what the source says by then, and counts what differed; one that finds nothing is the proof.

create table if not exists etl.sweep (
    run       uuid not null,
    lane      integer not null,
    sweep     integer not null,
    read      bigint not null default 0,
    inserted  bigint not null default 0,
    updated   bigint not null default 0,
    deleted   bigint not null default 0,
    began_at  timestamptz not null default now(),
    ended_at  timestamptz,
    primary key (run, lane, sweep),
    foreign key (run, lane) references etl.lane on delete cascade
);

comment on table etl.sweep is 'What each pass over a lane found different from its rows, and mended';
