# A thousand points at a time, into one COPY in the binary format.
postgres.execute(f"create table points (id bigint, embedding vector({size}), payload jsonb)")
register_vector(postgres)
loaded = 0
with postgres.cursor().copy("copy points (id, embedding, payload) from stdin (format binary)") as copy:
    copy.set_types(["int8", "vector", "jsonb"])
    for page in pages(1000):
        for point in page:
            copy.write_row((point.id, np.array(point.vector, dtype=np.float32), Jsonb(point.payload)))
        loaded += len(page)
postgres.commit()
done(loaded)
