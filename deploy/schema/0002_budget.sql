
-- What a run's reads come to, over all its starts.
--
-- A process that has a budget draws a part of it here before it reads, and gives back what it did not need; what a
-- killed one had drawn stays spent, since nobody knows how far it got.

create table if not exists etl.budget (
    run   uuid primary key references etl.run on delete cascade,
    reads bigint not null check (reads >= 0)
);

comment on table etl.budget is 'Reads billed to each run, or drawn for what it is reading: never less than the bill';
