//! Every kind of index and constraint is made, by the names the mapping gives, and made once.

use super::*;
use config::mapping::{Child, Collection, ForeignKey};

/// Tables with everything there is, and the statements that make and fill them.
pub(super) fn everything() -> (Vec<Table>, String) {
    let vector = |name, sql| column(name, sql, Holds::Vector);
    let columns = vec![
        id(),
        text("city"),
        scalar("born", Scalar::Timestamp),
        column("tags", Type::Array(Scalar::Text), Holds::Array),
        column("meta", Type::Json, Holds::Any),
        column("home", Type::Point, Holds::Point),
        vector("v", Type::Vector(3)),
        vector("h", Type::Halfvec(3)),
        vector("s", Type::Sparsevec(3)),
        refers(text("boss"), "users", "id"),
    ];
    let ivfflat = |distance| Method::Ivfflat { distance, lists: 2 };
    let partial = Index {
        filter: Some("city is not null -- and so on".to_owned()),
        ..unique(&["city", "born desc"])
    };
    let indexes = vec![
        partial,
        index(&["city"], Method::Btree),
        index(&["city"], Method::Hash),
        index(&["tags"], Method::Gin),
        index(&["meta"], Method::Gin),
        index(&["_extra"], Method::Gin),
        index(&["home"], Method::Gist),
        hnsw("v", Distance::Cosine),
        hnsw("v", Distance::L2),
        hnsw("v", Distance::Ip),
        hnsw("v", Distance::L1),
        hnsw("h", Distance::Cosine),
        hnsw("s", Distance::L2),
        index(&["v"], ivfflat(Distance::L2)),
        index(&["h"], ivfflat(Distance::Cosine)),
    ];
    let mut users = table("users", &["id"], columns, indexes);
    let child = |name: &str, of, columns| Child {
        name: name.to_owned(),
        from: FieldPath::top(name),
        of,
        columns,
        indexes: vec![index(&["sku"], Method::Btree)],
    };
    users.children = vec![
        child("items", Collection::Array, vec![text("sku")]),
        child(
            "rooms",
            Collection::Map,
            vec![refers(text("sku"), "stock", "sku")],
        ),
    ];
    let mut orders = table("orders", &[], vec![text("sku"), text("shop")], vec![]);
    orders.foreign_keys = vec![ForeignKey {
        columns: vec!["shop".to_owned(), "sku".to_owned()],
        table: "stock".to_owned(),
        to: vec!["shop".to_owned(), "sku".to_owned()],
    }];
    let stock = table(
        "stock",
        &["sku", "shop"],
        vec![text("sku"), text("shop")],
        vec![unique(&["sku"])],
    );
    let mut sql = create(
        "users",
        "id text not null, city text, born timestamptz, tags text[], meta jsonb, home point, v vector(3), h halfvec(3), \
         s sparsevec(3), boss text, ",
    );
    sql.push_str(
        "create table items (_path text not null, _ordinal integer not null, sku text, _extra jsonb);",
    );
    sql.push_str("create table rooms (_path text not null, _key text not null, sku text, _extra jsonb);");
    sql.push_str(&create("orders", "sku text, shop text, "));
    sql.push_str(&create("stock", "sku text, shop text, "));
    sql.push_str(
        "insert into users (_path, id, city, born, tags, meta, home, v, h, s, boss) select 'users/u' || n, 'u' || n, \
         'c' || n % 7, 'epoch'::timestamptz + n * interval '1 day', array['a', 'b' || n], jsonb_build_object('n', n), \
         point(n, n), array[n, 1, 2], array[n, 1, 2], ('{1:' || n || '}/3')::sparsevec, 'u1' from generate_series(1, 300) n; \
         insert into stock (_path, sku, shop) select 'stock/' || n, 'k' || n, 's' || n from generate_series(1, 50) n; \
         insert into orders (_path, sku, shop) select 'orders/' || n, 'k' || n, 's' || n from generate_series(1, 50) n; \
         insert into items select 'users/u' || n, m, 'k' || n from generate_series(1, 50) n, generate_series(0, 2) m; \
         insert into rooms select 'users/u' || n, 'r', 'k' || n from generate_series(1, 50) n;",
    );
    (vec![users, orders, stock], sql)
}

/// Everything of [`everything`], as PostgreSQL tells it.
pub(super) const CATALOG: [&str; 34] = [
    "CREATE INDEX items_sku_idx ON public.items USING btree (sku)",
    "CREATE INDEX rooms_sku_idx ON public.rooms USING btree (sku)",
    "CREATE INDEX users__extra_idx ON public.users USING gin (_extra jsonb_path_ops)",
    "CREATE INDEX users_city_2f1081ea_idx ON public.users USING hash (city)",
    "CREATE INDEX users_city_idx ON public.users USING btree (city)",
    "CREATE INDEX users_h_ddd275cb_idx ON public.users USING ivfflat (h halfvec_cosine_ops) WITH (lists='2')",
    "CREATE INDEX users_h_idx ON public.users USING hnsw (h halfvec_cosine_ops) WITH (m='8', ef_construction='32')",
    "CREATE INDEX users_home_idx ON public.users USING gist (home)",
    "CREATE INDEX users_meta_idx ON public.users USING gin (meta jsonb_path_ops)",
    "CREATE INDEX users_s_idx ON public.users USING hnsw (s sparsevec_l2_ops) WITH (m='8', ef_construction='32')",
    "CREATE INDEX users_tags_idx ON public.users USING gin (tags)",
    "CREATE INDEX users_v_09db2824_idx ON public.users USING hnsw (v vector_l1_ops) WITH (m='8', ef_construction='32')",
    "CREATE INDEX users_v_62fc1622_idx ON public.users USING hnsw (v vector_ip_ops) WITH (m='8', ef_construction='32')",
    "CREATE INDEX users_v_986d08a1_idx ON public.users USING ivfflat (v) WITH (lists='2')",
    "CREATE INDEX users_v_e47b520a_idx ON public.users USING hnsw (v vector_l2_ops) WITH (m='8', ef_construction='32')",
    "CREATE INDEX users_v_idx ON public.users USING hnsw (v vector_cosine_ops) WITH (m='8', ef_construction='32')",
    "CREATE UNIQUE INDEX items_pkey ON public.items USING btree (_path, _ordinal)",
    "CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (_path)",
    "CREATE UNIQUE INDEX rooms_pkey ON public.rooms USING btree (_path, _key)",
    "CREATE UNIQUE INDEX stock_pkey ON public.stock USING btree (sku, shop)",
    "CREATE UNIQUE INDEX stock_sku_idx ON public.stock USING btree (sku)",
    "CREATE UNIQUE INDEX users__path_idx ON public.users USING btree (_path)",
    "CREATE UNIQUE INDEX users_city_born_idx ON public.users USING btree (city, born DESC) WHERE (city IS NOT NULL)",
    "CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)",
    "items items__path_fkey FOREIGN KEY (_path) REFERENCES users(_path)",
    "items items_pkey PRIMARY KEY (_path, _ordinal)",
    "orders orders_pkey PRIMARY KEY (_path)",
    "orders orders_shop_sku_fkey FOREIGN KEY (shop, sku) REFERENCES stock(shop, sku)",
    "rooms rooms__path_fkey FOREIGN KEY (_path) REFERENCES users(_path)",
    "rooms rooms_pkey PRIMARY KEY (_path, _key)",
    "rooms rooms_sku_fkey FOREIGN KEY (sku) REFERENCES stock(sku)",
    "stock stock_pkey PRIMARY KEY (sku, shop)",
    "users users_boss_fkey FOREIGN KEY (boss) REFERENCES users(id)",
    "users users_pkey PRIMARY KEY (id)",
];

#[test]
fn every_kind_is_made_and_then_left_alone() {
    test(async {
        let (tables, sql) = everything();
        for live in [false, true] {
            let place = Place::with(tables.clone(), &sql).await;
            let first = place.run(live).await.unwrap();
            assert!(first.is_as_asked(), "{first:#?}");
            assert_eq!(first.made, place.after().steps().len() as u64);
            let catalog = place.catalog().await;
            assert_eq!(catalog, CATALOG);
            for live in [false, true] {
                let again = place.run(live).await.unwrap();
                assert_eq!(again, Outcome::default());
                assert_eq!(place.catalog().await, catalog);
            }
        }
    });
}

#[test]
fn the_statements_a_plan_shows_make_the_same() {
    test(async {
        let (tables, sql) = everything();
        let place = Place::with(tables, &sql).await;
        for step in place.after().steps() {
            assert!(step.name.len() <= 63 && !step.sentence.is_empty());
            place.client.batch_execute(&step.sql()).await.unwrap();
        }
        let catalog = place.catalog().await;
        assert_eq!(catalog, CATALOG);
        assert_eq!(place.run(false).await.unwrap(), Outcome::default());
    });
}

#[test]
fn what_an_operator_made_by_another_name_is_not_made_again() {
    test(async {
        let (tables, sql) = everything();
        let place = Place::with(tables, &sql).await;
        place
            .client
            .batch_execute(
                "create index mine on users (city); create unique index yours on users (city, born desc) where city is not null; \
                 create unique index theirs on users (id); alter table stock add constraint ours primary key (sku, shop); \
                 alter table orders add constraint hers foreign key (shop, sku) references stock (shop, sku) not valid; \
                 create index users_tags_idx on users (_path);",
            )
            .await
            .unwrap();
        let outcome = place.run(false).await.unwrap();
        assert!(outcome.is_as_asked(), "{outcome:#?}");
        let catalog = place.catalog().await;
        let names = |part: &str| catalog.iter().filter(|line| line.contains(part)).count();
        assert_eq!(names("ON public.users USING btree (city)"), 1, "{catalog:#?}");
        assert_eq!(
            names("ON public.users USING btree (city, born DESC)"),
            1,
            "{catalog:#?}"
        );
        assert_eq!(names("users theirs PRIMARY KEY (id)"), 1, "{catalog:#?}");
        assert_eq!(
            names("orders hers FOREIGN KEY (shop, sku) REFERENCES stock(shop, sku)"),
            1
        );
        assert_eq!(names("NOT VALID"), 0, "{catalog:#?}");
        // Its name was taken, so it has another.
        let tags: Vec<&String> = catalog
            .iter()
            .filter(|line| line.contains("gin (tags)"))
            .collect();
        assert!(
            tags.len() == 1 && !tags[0].contains("users_tags_idx "),
            "{tags:?}"
        );
        assert_eq!(place.run(true).await.unwrap(), Outcome::default());
    });
}

#[test]
fn names_of_any_script_and_length_are_quoted_and_told_apart() {
    test(async {
        let long = "ф".repeat(31);
        let odd = "a \"b\".c'\\";
        let columns = [long.as_str(), odd, "Öl"];
        let name = format!("{}\"x", "т".repeat(30));
        let made: Vec<Column> = columns.iter().map(|name| text(name)).collect();
        let indexes = vec![
            unique(&["Öl", odd, &long]),
            index(&columns, Method::Btree),
            index(&["Öl", odd], Method::Btree),
            Index {
                filter: Some(r#""Öl" <> 'x'"#.to_owned()),
                ..index(&["Öl", odd], Method::Btree)
            },
        ];
        let mut refer = table(&name, &columns, made, indexes);
        refer.columns.push(refers(text("up"), &name, odd));
        let quoted: Vec<String> = columns.iter().map(|name| transforms::quote(name)).collect();
        let sql = create(
            &transforms::quote(&name),
            &format!("{} text, up text, ", quoted.join(" text, ")),
        );
        for live in [false, true] {
            let place = Place::with(vec![refer.clone()], &sql).await;
            let steps = place.after().steps();
            let outcome = place.run(live).await.unwrap();
            assert!(outcome.is_as_asked(), "{outcome:#?}");
            assert_eq!((outcome.made, steps.len()), (7, 7));
            assert_eq!(place.run(live).await.unwrap(), Outcome::default());
            for step in &steps {
                let there = "select count(*) from pg_class where relname = $1";
                let there = place.client.query_one(there, &[&step.name]).await.unwrap();
                let is_index = !step.name.ends_with("fkey");
                assert_eq!(there.get::<_, i64>(0), i64::from(is_index), "{}", step.name);
            }
        }
    });
}

#[test]
fn what_would_not_work_is_found_before_there_are_rows_and_nothing_changes() {
    test(async {
        let (mut tables, sql) = everything();
        let creation = sql.split("insert into").next().unwrap().to_owned();
        let place = Place::with(tables.clone(), "").await;
        assert!(place.after().trial(&creation).await.unwrap().is_empty());
        let wrong = Index {
            filter: Some("town is not null".to_owned()),
            ..index(&["shop"], Method::Btree)
        };
        tables[1].indexes.push(wrong);
        let place = Place { tables, ..place };
        let refused = place.after().trial(&creation).await.unwrap();
        let [Refused { step, fault }] = refused.as_slice() else {
            panic!("{refused:?}");
        };
        assert!(!step.is_key());
        let keys = place.after().steps().iter().filter(|step| step.is_key()).count();
        // Of three tables, and of two of elements.
        assert_eq!(keys, 5);
        assert_eq!(fault.cause, "42703", "{fault}");
        assert!(
            fault
                .to_string()
                .contains("index of orders (shop) where town is not null"),
            "{fault}"
        );
        assert_eq!(place.catalog().await, [""; 0]);
        assert_eq!(
            place
                .count("select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")
                .await,
            0
        );
    });
}
