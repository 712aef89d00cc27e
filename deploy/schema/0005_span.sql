-- Spans: what the records of each batch came to, for sources that have no snapshots. Kept in the transaction that stores
-- the rows, so a later reading that comes to the same needs to be compared with nothing else.

create table if not exists etl.span (
    run     uuid not null,
    lane    integer not null,
    after   text not null,
    upto    text not null,
    records bigint not null,
    ids     bytea not null check (octet_length(ids) = 16),
    points  bytea not null check (octet_length(points) = 16),
    keys    bytea not null,
    primary key (run, lane, after),
    foreign key (run, lane) references etl.lane on delete cascade
);

comment on table etl.span is 'What the records behind one id up to another (nothing: an end of the lane) came to when their rows were stored';

comment on column etl.span.keys is 'The ids of the records in order, numbers in 8 bytes and UUIDs in 16: whose rows leave when they are gone';
