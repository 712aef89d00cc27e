//! The indexes of a table of the mapping.

use toml::de::DeTable;

use super::reader::Reader;
use super::table::rows;
use crate::mapping::words::unknown;
use crate::mapping::{Distance, Index, Method, Misspelt};

/// Reads the indexes of a table.
pub(super) fn read(reader: &mut Reader<'_, '_>, table: &DeTable<'_>) -> Vec<Index> {
    let nothing = || Index {
        on: Vec::new(),
        unique: false,
        method: Method::Btree,
        filter: None,
    };
    rows(
        reader,
        table,
        ("indexes", "index", "[ { on = [\"city\"] } ]"),
        nothing,
        index,
    )
}

fn index(reader: &mut Reader<'_, '_>, start: usize, table: &DeTable<'_>) -> Index {
    reader.only(
        table,
        &[
            "on",
            "unique",
            "where",
            "using",
            "distance",
            "m",
            "ef_construction",
            "lists",
        ],
    );
    let on = reader.list(table, "on", "[\"city\", \"born desc\"]");
    if !table.contains_key("on") {
        reader.refuse(
            "indexes",
            start,
            "no `on` names its columns; write for example on = [\"city\"]",
        );
    }
    Index {
        on,
        unique: reader.switch(table, "unique"),
        filter: reader.text(table, "where").map(str::to_owned),
        method: method(reader, start, table).unwrap_or(Method::Btree),
    }
}

fn method(reader: &mut Reader<'_, '_>, start: usize, table: &DeTable<'_>) -> Option<Method> {
    const METHODS: [&str; 6] = ["btree", "hash", "gin", "gist", "hnsw", "ivfflat"];
    let using = match table.contains_key("using") {
        true => reader.text(table, "using")?,
        false => "btree",
    };
    let own: &[&'static str] = match using {
        "hnsw" => &["distance", "m", "ef_construction"],
        "ivfflat" => &["distance", "lists"],
        _ => &[],
    };
    for key in ["distance", "m", "ef_construction", "lists"] {
        if table.contains_key(key) && !own.contains(&key) && METHODS.contains(&using) {
            reader.refuse(
                "indexes",
                start,
                format_args!("{using} knows no `{key}`; leave it out"),
            );
        }
    }
    let distance = |reader: &mut Reader<'_, '_>| -> Option<Distance> {
        if !table.contains_key("distance") {
            let what =
                "no `distance` says what it orders by; write distance = \"cosine\", \"l2\", \"ip\" or \"l1\"";
            reader.refuse("indexes", start, what);
        }
        reader.read(table, "distance")
    };
    match using {
        "btree" => Some(Method::Btree),
        "hash" => Some(Method::Hash),
        "gin" => Some(Method::Gin),
        "gist" => Some(Method::Gist),
        "hnsw" => Some(Method::Hnsw {
            distance: distance(reader)?,
            m: reader.number(table, "m", (2, 100)).unwrap_or(Method::LINKS),
            ef_construction: reader
                .number(table, "ef_construction", (4, 1000))
                .unwrap_or(Method::CANDIDATES),
        }),
        "ivfflat" => Some(Method::Ivfflat {
            distance: distance(reader)?,
            lists: reader
                .number(table, "lists", (1, 32_768))
                .unwrap_or(Method::LISTS),
        }),
        other => {
            let Misspelt(what) = unknown("kind of index", other, METHODS.into_iter());
            reader.refuse("indexes", start, what);
            None
        }
    }
}
