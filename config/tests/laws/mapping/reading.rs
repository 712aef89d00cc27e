//! What is read.

use std::path::Path;

use config::Needs;
use config::mapping::{
    Column, ColumnRef, Document, FieldPath, Holds, Literal, Mapping, Nul, Source, Unmapped,
};

use super::{EVERYTHING, mapping};
use crate::{NEEDED, written};

fn column<'m>(mapping: &'m Mapping, table: &str, name: &str) -> &'m Column {
    let table = mapping.tables.iter().find(|known| known.name == table).unwrap();
    table.columns.iter().find(|column| column.name == name).unwrap()
}

fn to(table: &str, column: &str) -> Option<ColumnRef> {
    Some(ColumnRef {
        table: table.into(),
        column: column.into(),
    })
}

#[test]
fn tables_columns_and_children_come_in_the_order_written() {
    let read = mapping(EVERYTHING).unwrap();
    let tables: Vec<&str> = read.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(tables, ["people", "users", "workouts", "teams", "orders"]);
    let columns: Vec<&str> = read.tables[1]
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(columns[..4], ["id", "name", "email", "city"]);
    let children: Vec<&str> = read.tables[4]
        .children
        .iter()
        .map(|child| child.name.as_str())
        .collect();
    assert_eq!(children, ["order_items", "order_prices"]);
}

#[test]
fn what_is_left_out_has_its_usual_meaning() {
    let read = mapping(EVERYTHING).unwrap();
    assert_eq!(
        column(&read, "users", "name").from,
        Source::Field(FieldPath::top("name"))
    );
    assert_eq!(column(&read, "users", "born").holds, Holds::Integer);
    assert_eq!(column(&read, "users", "lat").holds, Holds::Point);
    assert_eq!(column(&read, "users", "boss_id").holds, Holds::Reference);
    assert_eq!(column(&read, "users", "vec").holds, Holds::Array);
    assert_eq!(column(&read, "users", "level").default, Some(Literal::Integer(1)));
    // A table says it, or [mapping] does.
    assert_eq!((read.tables[0].nul, read.tables[1].nul), (read.nul, Nul::Strip));
    assert_eq!(mapping("").unwrap(), Mapping::default());
}

#[test]
fn a_reference_without_a_column_means_the_one_that_says_the_same() {
    let short = EVERYTHING
        .replace("\"users(_path)\"", "\"users\"")
        .replace("\"users(id)\"", "\"users\"")
        .replace("\"people(id)\"", "\"people\"")
        .replace("\"people(_path)\"", "\"people\"");
    let read = mapping(&short).unwrap();
    assert_eq!(column(&read, "users", "boss").references, to("users", "_path"));
    assert_eq!(column(&read, "users", "boss_id").references, to("users", "id"));
    let owner = column(&read, "workouts", "owner");
    assert_eq!(owner.from, Source::Document(Document::Wildcard(1)));
    assert_eq!(owner.references, to("people", "id"));
    assert_eq!(read, mapping(EVERYTHING).unwrap());
}

#[test]
fn layout_is_a_matter_of_taste() {
    let one = "[tables.t]\nfrom = 't'\n[tables.t.columns.\"a.b\"]\ntype = 'numeric ( 10, 2 )'\ndefault = 0x0A\n\
               [tables.t.columns]\nb.type = 'timestamptz'\nb.default = 2020-01-31T00:00:00Z\n";
    let other = "tables = { t = { from = \"t\", columns = {\n  \"a.b\" = { type = \"numeric(10,2)\", default = 10 },\n\
                 b = { type = \"timestamptz\", default = \"2020-01-31T00:00:00Z\" }, # and so on\n} } }\n";
    assert_eq!(mapping(one), mapping(other));
    assert_eq!(
        mapping(one).unwrap().tables[0].columns[0].from,
        Source::Field(FieldPath::top("a.b"))
    );
}

#[test]
fn a_table_in_a_later_file_takes_the_place_of_the_one_before() {
    let first = "[mapping]\nnul = \"escape\"\n[tables.a]\nfrom = \"a\"\n[tables.b]\nfrom = \"b\"\n";
    let second = "[mapping]\nunmapped = \"refuse\"\n[tables.c]\nfrom = \"c\"\n[tables.a]\nfrom = \"x\"\n";
    let overlaid = |second: &str| {
        let mut both = written(first, &NEEDED);
        both.toml(Path::new("more.toml"), second);
        both.relied_on(Needs::RUN)
    };
    let read = overlaid(second).unwrap().mapping;
    let tables: Vec<_> = read
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.from.to_string()))
        .collect();
    assert_eq!(
        tables,
        [
            ("a", "x".to_owned()),
            ("b", "b".to_owned()),
            ("c", "c".to_owned())
        ]
    );
    assert_eq!((read.nul, read.unmapped), (Nul::Escape, Unmapped::Refuse));
    assert!(read.tables.iter().all(|table| table.nul == Nul::Escape));

    assert_eq!(
        overlaid(&format!("{second}key = [\"y\"]\n"))
            .unwrap_err()
            .to_string(),
        "more.toml line 7: table `a`: `key`: no column of table `a` is called `y`; name one of its columns"
    );
}

#[test]
fn only_who_reads_the_source_asks_for_the_mapping() {
    let broken = || written("[tables.a]\nform = \"a\"\n", &NEEDED);
    // What was loaded is told by the plan that loaded it.
    for needs in [Needs::STATUS, Needs::TARGET] {
        assert_eq!(broken().relied_on(needs).unwrap().mapping, Mapping::default());
    }
    broken().relied_on(Needs::SOURCE).unwrap_err();
}

#[test]
fn what_looks_like_a_mistake_and_is_none_is_permitted() {
    let permitted = "[tables.a]\nfrom = \"a\"\nkey = [\"id\"]\n\
         drop = [\"mail\", \"secret\", \"title\"]\n\
         indexes = [ { on = [\"id\", \"n\"], unique = true }, { on = [\"id\"], where = \"true\", unique = true },\n\
                     { on = [\"half\"], using = \"hnsw\", distance = \"ip\" }, { on = [\"_extra\"], using = \"gin\" } ]\n\
         foreign_keys = [ { columns = [\"n\", \"id\"], references = \"a(n, id)\" },\n\
                          { columns = [\"id\", \"place\"], references = \"b(_path, _ordinal)\" } ]\n\
         [tables.a.columns]\n\
         id = { from = \"$id\", type = \"text\" }\n\
         key = { from = \"$path\", type = \"uuid\", apply = [\"uuid5\"] }\n\
         number = { from = \"$id\", type = \"bigint\", misfit = \"quarantine\" }\n\
         n = { type = \"integer\", holds = \"text\" }\n\
         mail = { type = \"text\", apply = [\"lower\"] }\n\
         digest = { from = \"secret\", type = \"bytea\", apply = [\"sha256\"], holds = \"text\" }\n\
         half = { embed = \"{title}\", type = \"halfvec(4000)\" }\n\
         place = { type = \"integer\" }\n\
         tags = { type = \"integer[]\", misfit = \"cast\", default = \"{1,-2}\" }\n\
         date = { type = \"date\", default = 2020-02-29 }\n\
         yes = { type = \"text\", holds = \"boolean\", misfit = \"cast\" }\n\
         price = { type = \"numeric(4,2)\", default = \"10.50\" }\n\
         ref = { type = \"text\", holds = \"reference\", references = \"a\" }\n\
         again = { from = \"ref\", type = \"jsonb\" }\n\
         [tables.a.children.b]\nfrom = \"list\"\n[tables.a.children.b.columns]\n\
         owner = { from = \"$path\", type = \"text\", references = \"a\" }\n\
         [tables.one]\nfrom = \"x/alice/y\"\n[tables.all]\nfrom = \"x/*/y\"\n[tables.rest]\nfrom = \"**/y\"\n";
    assert_eq!(mapping(permitted).map(|read| read.tables.len()), Ok(4));
}
