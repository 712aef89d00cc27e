# vec2pg's way: a hundred points at a time, each page a COPY, and how many came so far taken for the id to go on from.
postgres.autocommit = True
postgres.execute("create table points (id bigint, values vector, metadata json)")
register_vector(postgres)
offset = 0
while offset < most:
    page, _ = qdrant.scroll(collection, limit=100, offset=offset, with_payload=True, with_vectors=True)
    if not page:
        break
    offset += len(page)
    with postgres.cursor().copy("copy points (id, values, metadata) from stdin (format binary)") as copy:
        copy.set_types(["int8", "vector", "json"])
        for point in page:
            copy.write_row((point.id, np.array(point.vector, dtype=np.float32), Json(point.payload)))
done(offset)
