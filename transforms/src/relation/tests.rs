//! The SQL of relations, spelled out.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::mapping::{Index, Nul, Pattern, Scalar, Segment};

fn table(from: Pattern, columns: Vec<Column>) -> Table {
    Table {
        name: "café_s".into(),
        from,
        key: Vec::new(),
        nul: Nul::default(),
        columns,
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::<Index>::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    }
}

fn column(name: &str, field: &str, sql: Type, holds: Holds) -> Column {
    Column::field(name, FieldPath::top(field), sql, holds)
}

fn group() -> Table {
    table(
        Pattern::group("Café's"),
        vec![
            column("e", "e", Type::Vector(3), Holds::Vector),
            column("it_s", r#"it's "\ here"#, Type::Scalar(Scalar::Text), Holds::Text),
            column("n", "n", Type::Scalar(Scalar::Double), Holds::Number),
        ],
    )
}

#[test]
fn creation_names_the_firestore_origin_of_everything() {
    let expected = r#"CREATE TABLE "my ""app"""."café_s" (
  "_path" text NOT NULL,
  "_created_at" timestamptz NOT NULL,
  "_updated_at" timestamptz NOT NULL,
  "e" vector(3),
  "it_s" text,
  "n" double precision,
  "_extra" jsonb
);
COMMENT ON TABLE "my ""app"""."café_s" IS 'Firestore collection: Café''s';
COMMENT ON COLUMN "my ""app"""."café_s"."e" IS 'Firestore field: e (vector(3))';
COMMENT ON COLUMN "my ""app"""."café_s"."it_s" IS E'Firestore field: it''s "\\ here (text)';
COMMENT ON COLUMN "my ""app"""."café_s"."n" IS 'Firestore field: n (number)';
"#;
    assert_eq!(relations(&[group()])[0].create_sql("my \"app\""), expected);
}

#[test]
fn copy_names_every_column_in_tuple_order() {
    let expected = r#"COPY "public"."café_s" ("_path", "_created_at", "_updated_at", "e", "it_s", "n", "_extra") FROM STDIN (FORMAT binary)"#;
    assert_eq!(relations(&[group()])[0].copy_sql("public"), expected);
}

#[test]
fn a_table_survives_being_persisted() {
    let text = serde_json::to_string(&group()).unwrap();
    assert_eq!(serde_json::from_str::<Table>(&text).unwrap(), group());
}

#[test]
fn defaults_generated_columns_and_children_are_spelled_as_sql() {
    let below = Pattern {
        anywhere: false,
        segments: vec![
            Segment::Named("users".into()),
            Segment::Any,
            Segment::Named("orders".into()),
        ],
    };
    let text = Type::Scalar(Scalar::Text);
    let mut orders = table(
        below,
        vec![
            Column {
                from: Source::Field(FieldPath(vec!["address".into(), "zip code".into()])),
                default: Some(Literal::Text("it's".into())),
                required: true,
                ..column("zip", "", text, Holds::Text)
            },
            Column {
                from: Source::Generated("lower(zip)".into()),
                ..column("low", "", text, Holds::Text)
            },
            // No number becomes jsonb by itself.
            Column {
                default: Some(Literal::Integer(-7)),
                ..column("level", "level", Type::Json, Holds::Any)
            },
            Column {
                default: Some(Literal::Integer(-7)),
                ..column("rank", "rank", Type::Scalar(Scalar::Double), Holds::Double)
            },
        ],
    );
    orders.name = "orders".into();
    let child = |name: &str, of| Child {
        name: name.into(),
        from: FieldPath::top("items"),
        of,
        columns: vec![column(
            "qty",
            "quantity",
            Type::Scalar(Scalar::Integer),
            Holds::Integer,
        )],
        indexes: Vec::new(),
    };
    orders.children = vec![child("items", Collection::Array), child("notes", Collection::Map)];
    let tables = [orders];
    let relations = relations(&tables);
    let expected = r#"CREATE TABLE "s"."orders" (
  "_path" text NOT NULL,
  "_created_at" timestamptz NOT NULL,
  "_updated_at" timestamptz NOT NULL,
  "zip" text DEFAULT 'it''s' NOT NULL,
  "low" text GENERATED ALWAYS AS (lower(zip)) STORED,
  "level" jsonb DEFAULT '-7',
  "rank" double precision DEFAULT -7,
  "_extra" jsonb
);
COMMENT ON TABLE "s"."orders" IS 'Firestore documents: users/*/orders';
COMMENT ON COLUMN "s"."orders"."zip" IS 'Firestore field: address.`zip code` (text)';
COMMENT ON COLUMN "s"."orders"."level" IS 'Firestore field: level (json)';
COMMENT ON COLUMN "s"."orders"."rank" IS 'Firestore field: rank (double)';
"#;
    assert_eq!(relations[0].create_sql("s"), expected);
    assert_eq!(
        relations[0].copy_sql("s"),
        r#"COPY "s"."orders" ("_path", "_created_at", "_updated_at", "zip", "level", "rank", "_extra") FROM STDIN (FORMAT binary)"#
    );
    let expected = r#"CREATE TABLE "s"."items" (
  "_path" text NOT NULL,
  "_ordinal" integer NOT NULL,
  "qty" integer,
  "_extra" jsonb
);
COMMENT ON TABLE "s"."items" IS 'Firestore elements: users/*/orders items';
COMMENT ON COLUMN "s"."items"."qty" IS 'Firestore field: quantity (integer)';
"#;
    assert_eq!(relations[1].create_sql("s"), expected);
    assert_eq!(
        relations[2].copy_sql("s"),
        r#"COPY "s"."notes" ("_path", "_key", "qty", "_extra") FROM STDIN (FORMAT binary)"#
    );
    assert_eq!(
        relations[1].parent().map(|table| table.name.as_str()),
        Some("orders")
    );
    assert!(relations[0].parent().is_none());
}

#[test]
fn points_have_no_times_and_a_table_may_be_in_parts() {
    let mut table = Table::new("memory", Pattern::root("mem"), Records::Points);
    let org = FieldPath(vec!["payload".into(), "org".into()]);
    table.columns = vec![Column::field("org", org, Type::Scalar(Scalar::Text), Holds::Text)];
    let text = |text: &str| Literal::Text(text.into());
    table.partition = Some(Partition {
        by: "org".into(),
        values: vec![text("Acme's"), text("default"), text("acme s")],
    });
    let expected = r#"CREATE TABLE "public"."memory" (
  "_path" text NOT NULL,
  "org" text,
  "_extra" jsonb
) PARTITION BY LIST ("org");
CREATE TABLE "public"."memory_default" PARTITION OF "public"."memory" DEFAULT;
CREATE TABLE "public"."memory_acme_s" PARTITION OF "public"."memory" FOR VALUES IN ('Acme''s');
CREATE TABLE "public"."memory_default_2" PARTITION OF "public"."memory" FOR VALUES IN ('default');
CREATE TABLE "public"."memory_acme_s_2" PARTITION OF "public"."memory" FOR VALUES IN ('acme s');
COMMENT ON TABLE "public"."memory" IS 'Qdrant collection: mem';
COMMENT ON COLUMN "public"."memory"."org" IS 'Qdrant field: payload.org (text)';
"#;
    assert_eq!(relations(&[table])[0].create_sql("public"), expected);
}

#[test]
fn how_rows_are_stored_is_said_of_the_tables_that_hold_them() {
    let mut table = Table::new("memory", Pattern::root("mem"), Records::Points);
    table.toast_tuple_target = Some(8160);
    let with = " WITH (toast_tuple_target = 8160);\n";
    let sql = relations(std::slice::from_ref(&table))[0].create_sql("public");
    assert!(sql.contains(&format!("\n){with}")), "{sql}");
    table.partition = Some(Partition {
        by: "org".into(),
        values: Vec::new(),
    });
    let sql = relations(&[table])[0].create_sql("public");
    assert!(sql.contains(" BY LIST (\"org\");\n"), "{sql}");
    assert!(sql.contains(&format!(" DEFAULT{with}")), "{sql}");
}
