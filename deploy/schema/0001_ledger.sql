-- The ledger: what is loaded, who holds which lane, and what could not be stored.
--
-- A lane's position is committed in the transaction that holds its rows, so the two cannot differ. `fence` goes
-- up whenever a process takes a lane over; a commit under an older fence changes nothing.

create schema if not exists etl;

create table if not exists etl.run (
    run           uuid primary key,
    source        text not null,
    target_schema text not null,
    snapshot_time timestamptz not null,
    plan          json not null,
    etl_version   text not null,
    started_at    timestamptz not null default now(),
    finished_at   timestamptz
);

comment on table etl.run is 'One row for each migration: its plan, decided once';

create table if not exists etl.lane (
    run         uuid not null references etl.run on delete cascade,
    lane        integer not null,
    collection  text not null,
    state       text not null default 'start' check (state in ('start', 'at', 'end')),
    token       bytea check ((state = 'at') = (token is not null)),
    read_time   timestamptz not null,
    expected    bigint not null,
    read        bigint not null default 0,
    loaded      bigint not null default 0,
    quarantined bigint not null default 0,
    skipped     bigint not null default 0,
    bytes       bigint not null default 0,
    billed      bigint not null default 0,
    dropped     bigint not null default 0,
    rows        bigint[] not null default '{}',
    fence       bigint not null default 0,
    holder      text,
    moved_at    timestamptz not null default now(),
    primary key (run, lane),
    check (read = loaded + quarantined + skipped)
);

comment on table etl.lane is 'Where each lane of a run stands; moved only together with the rows it accounts for';

create table if not exists etl.quarantine (
    run         uuid not null references etl.run on delete cascade,
    lane        integer not null,
    collection  text not null,
    path        bytea not null,
    reason      text not null,
    column_name text,
    detail      text not null,
    sqlstate    text,
    document    json,
    body        bytea not null,
    at          timestamptz not null default now(),
    primary key (run, lane, path)
);

comment on table etl.quarantine is 'Documents that cannot be stored as asked: the reason, a readable form, and the bytes as they came';

create table if not exists etl.amendment (
    run         uuid not null references etl.run on delete cascade,
    lane        integer not null,
    collection  text not null,
    path        bytea not null,
    table_name  text not null,
    column_name text,
    field       text not null,
    policy      text not null,
    original    json not null,
    at          timestamptz not null default now()
);

comment on table etl.amendment is 'Values stored otherwise than they were because the mapping says so: the original of each';
