-- Smaller numbers for the indices of sparse vectors: pgvector's `sparsevec` has 10⁹ places, and models that hash words
-- use all 2³². Whoever searches such a column asks this table for the numbers of a question's indices.

create table if not exists etl.sparse_index (
    table_schema text not null,
    table_name   text not null,
    column_name  text not null,
    number       bigint not null,
    index        bigint not null,
    primary key (table_schema, table_name, column_name, number),
    unique (table_schema, table_name, column_name, index)
);

comment on table etl.sparse_index is 'Which number stands for which index of the sparse vectors in a column';
