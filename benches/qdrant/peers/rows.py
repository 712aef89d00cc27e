# A hundred points at a time, a statement for each, a transaction for each page.
postgres.execute(f"create table points (id bigint, embedding vector({size}), payload jsonb)")
register_vector(postgres)
postgres.commit()
loaded = 0
for page in pages(100):
    for point in page:
        postgres.execute(
            "insert into points (id, embedding, payload) values (%s, %s, %s)",
            (point.id, np.array(point.vector, dtype=np.float32), Jsonb(point.payload)),
        )
    postgres.commit()
    loaded += len(page)
done(loaded)
