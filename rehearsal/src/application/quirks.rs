//! The oddities, a few of each: names, ids and shapes that are legal in Firestore and surprise everything
//! else.
//! It promises that every oddity is there at every size, so a small rehearsal meets them all.
//! Ordinary documents are left to the families.

use super::Draft;
use super::measurements::{DOUBLES, INTEGERS, MOMENTS, NOTES, arrays, deep, maps};
use super::products::{DIMENSIONS, embedding};
use super::values::*;

/// Every odd document; `root` is what the names of documents begin with.
pub(super) fn all(root: &str) -> Vec<Draft> {
    let drafts = [specimens(root), ids(), fields(), collections(), unstorable(root)];
    drafts.into_iter().flatten().collect()
}

fn draft(path: impl Into<String>, fields: Fields) -> Draft {
    Draft {
        path: path.into(),
        fields,
    }
}

/// One document a type, every value of it in one document, and all types under one field name.
fn specimens(root: &str) -> Vec<Draft> {
    let many = |values: Vec<serde_json::Value>| -> Fields {
        values
            .into_iter()
            .enumerate()
            .map(|(n, value)| (format!("value{n}"), value))
            .collect()
    };
    let project = root.split("/databases/").next().unwrap_or_default();
    let references = vec![
        reference(format!("{root}/users/ada")),
        reference(format!("{root}/users/ada/orders/o 1/items/%2F")),
        reference("projects/elsewhere/databases/(default)/documents/users/ada"),
        reference(format!("{project}/databases/another/documents/users/ada")),
    ];
    let mut drafts = vec![
        draft("specimens/null", fields! {"value" => null()}),
        draft("specimens/boolean", fields! {"value" => boolean(false)}),
        draft(
            "specimens/integers",
            many(INTEGERS.iter().copied().map(integer).collect()),
        ),
        draft(
            "specimens/doubles",
            many(DOUBLES.iter().copied().map(double).collect()),
        ),
        draft(
            "specimens/timestamps",
            many(MOMENTS.iter().copied().map(timestamp).collect()),
        ),
        draft("specimens/texts", many(NOTES.iter().copied().map(text).collect())),
        draft(
            "specimens/long text",
            fields! {"value" => text("long 📏 ".repeat(20_000))},
        ),
        draft(
            "specimens/bytes",
            fields! {"value" => bytes(&(0..=255).collect::<Vec<u8>>())},
        ),
        draft("specimens/references", many(references)),
        draft(
            "specimens/points",
            many(vec![place(-0.0, -0.0), place(90.0, 180.0), place(52.52, 13.405)]),
        ),
        draft("specimens/arrays", many(arrays())),
        draft("specimens/maps", many(maps())),
        draft("specimens/deep", fields! {"value" => deep(20)}),
        draft("specimens/vector", fields! {"direction" => vector(&[0.1, -0.0])}),
        draft("specimens/empty", Fields::new()),
    ];
    let mixed = [
        null(),
        boolean(true),
        integer(1),
        double(1.5),
        text("1"),
        bytes(b"1"),
        timestamp(1),
        place(1.0, 1.0),
    ];
    let mixed = mixed.into_iter().chain([
        array([]),
        map(fields! {}),
        vector(&[1.0]),
        reference(format!("{root}/a/b")),
    ]);
    drafts.extend(
        mixed
            .enumerate()
            .map(|(n, value)| draft(format!("mixed/m{n:02}"), fields! {"anything" => value})),
    );
    drafts
}

fn ids() -> Vec<Draft> {
    let ids = [
        "__id7__",
        "__id-3__",
        "__id9223372036854775807__",
        "ünïcode",
        "e\u{301}",
        "😀",
        "%2F",
        "100%",
        "\"double\"",
        "it's",
        "two  spaces ",
        "back\\slash",
        "new\nline",
        "a?b#c&d",
        "~",
        "0",
        "-1",
        "null",
        "\u{1}\u{7f}\u{feff}",
        "\u{10ffff}",
        "'); drop table users; --",
        ".hidden",
        "C:\\temp",
        "\\N",
    ];
    let long = "x".repeat(1_500);
    let ids = ids.into_iter().chain([long.as_str()]);
    ids.map(|id| {
        draft(
            format!("odd ids/{id}"),
            fields! {"id" => text(id), "length" => integer(id.len() as i64)},
        )
    })
    .collect()
}

fn fields() -> Vec<Draft> {
    let names = [
        "a.b",
        "a b",
        "`tick`",
        "\"quote\"",
        "it's",
        "ünï",
        "日本",
        "😀",
        "$double",
        "$map",
        "_path",
        "_extra",
        "_created_at",
        "_updated_at",
        "back\\slash",
        "new\nline",
        "a/b",
        "*",
        "[0]",
        " ",
        "select",
        "ctid",
        "tableoid",
        "CamelCase",
        "camelcase",
        "camel_case",
        "camelCase",
        "createdAt",
        "created_at",
        "1st",
        "(integer)",
        "x (text)",
    ];
    let long = [
        "f".repeat(1_500),
        format!("{}a", "p".repeat(80)),
        format!("{}b", "p".repeat(80)),
    ];
    let named = |n: usize, name: &str| (name.to_owned(), integer(n as i64));
    let all: Fields = names
        .iter()
        .copied()
        .chain(long.iter().map(String::as_str))
        .enumerate()
        .map(|(n, name)| named(n, name))
        .collect();
    let wide: Fields = (0..200)
        .map(|n| (format!("flag{n}"), boolean(n % 3 == 0)))
        .collect();
    vec![
        draft("oddFields/all", all.clone()),
        draft(
            "oddFields/again",
            all.into_iter()
                .map(|(name, _)| (name.clone(), text(name)))
                .collect(),
        ),
        draft(
            "oddFields/times",
            fields! {"createdAt" => timestamp(1), "created_at" => timestamp(2)},
        ),
        draft(
            "oddFields/reserved",
            fields! {"_path" => text("not/this"), "_extra" => map(fields! {"a" => null()})},
        ),
        draft("featureFlags/wide", wide),
    ]
}

/// Collections whose ids collide once they are folded, shortened or quoted, or are words of SQL.
fn collections() -> Vec<Draft> {
    let stem = "a-collection-id-that-is-longer-than-any-name-postgres-would-take-";
    let ids = [
        "Users",
        "USERS",
        "select",
        "order",
        "audit.events-v2",
        "Füße 日本",
        "🧾",
        "it's \"quoted\"",
        "_extra",
        "$1",
    ];
    let long = [format!("{stem}one"), format!("{stem}two")];
    let ids = ids.into_iter().chain(long.iter().map(String::as_str));
    ids.map(|id| draft(format!("{id}/only"), fields! {"collection" => text(id)}))
        .collect()
}

/// What no row can hold: each of these must be found in quarantine.
fn unstorable(root: &str) -> Vec<Draft> {
    let mut short = embedding("lamp");
    short.truncate(DIMENSIONS - 1);
    let mut huge = embedding("lamp");
    huge[0] = 1e39;
    let lamp = |point: &[f64]| fields! {"name" => text("Oak lamp"), "category" => text("lamp"), "embedding" => vector(point)};
    vec![
        draft("odd ids/nul\0id", fields! {"id" => text("a NUL")}),
        draft("oddFields/nul", fields! {"nul\0field" => integer(1)}),
        draft(
            "oddFields/nul below",
            fields! {"list" => array([map(fields! {"a" => map(fields! {"nul\0" => null()})})])},
        ),
        draft(
            "conversations/c1/messages/nul",
            fields! {"text" => text("C string\0"), "edited" => boolean(false)},
        ),
        draft(
            "sessions/nul",
            fields! {"user" => reference(format!("{root}/users/nul\0id"))},
        ),
        draft("products/sku-short", lamp(&short)),
        draft("products/sku-huge", lamp(&huge)),
    ]
}
