//! Which columns and tables of elements fields become.

use super::*;
use crate::mapping::{Collection, Nul};

#[test]
fn records_are_flattened_and_what_is_rare_or_null_stays_in_extra() {
    let proposal = proposed(&items(60, |n| {
        let mut address = vec![("city", text("Oslo")), ("zip code", Value::Integer(1))];
        if n == 0 {
            address.push(("note", text("rare")));
        }
        vec![("address", Value::Map(address)), ("gone", Value::Null)]
    }));
    assert_eq!(
        fields(&proposal),
        ["address_city text text", "address_zip_code bigint integer"]
    );
    assert_eq!(
        lines(&proposal, "address_city"),
        ["100 % string; 1 distinct; 4 characters"]
    );
    let left_out: Vec<_> = proposal.evidence["items"]
        .left_out
        .iter()
        .map(|(field, why)| format!("{field}: {why}"))
        .collect();
    assert_eq!(
        left_out,
        [
            "address.note: 1.7 % of the documents have it",
            "gone: null wherever the sample has it (100 %)"
        ]
    );
}

#[test]
fn the_type_is_the_narrowest_that_is_safe() {
    let day = |n: usize| Timestamp::new(86_400 * n as i64, 0).unwrap();
    let uuid = |n: usize| leaked(format!("123e4567-e89b-12d3-a456-{n:012}"));
    let proposal = proposed(&items(30, |n| {
        vec![
            ("born", Value::Timestamp(day(n))),
            ("count", Value::Integer(3)),
            (
                "price",
                if n % 2 == 0 {
                    Value::Integer(2)
                } else {
                    Value::Double(2.5)
                },
            ),
            ("rate", Value::Double(0.5)),
            ("seen", Value::Timestamp(Timestamp::new(n as i64, 0).unwrap())),
            ("token", text(uuid(n))),
            (
                "what",
                if n % 10 == 0 {
                    text("x")
                } else {
                    Value::Boolean(true)
                },
            ),
        ]
    }));
    assert_eq!(
        fields(&proposal),
        [
            "born date timestamp",
            "count bigint integer",
            "price double precision number",
            "rate double precision double",
            "seen timestamptz timestamp",
            "token uuid text",
            "what jsonb any",
        ]
    );
    assert_eq!(lines(&proposal, "what"), ["90 % boolean, 10 % string"]);
    assert!(lines(&proposal, "born")[1].contains("beginning of a day"));
    // Of few values nothing narrow is believed.
    let few = proposed(&items(5, |n| {
        vec![("born", Value::Timestamp(day(n))), ("token", text(uuid(n)))]
    }));
    assert_eq!(fields(&few), ["born timestamptz timestamp", "token text text"]);
}

#[test]
fn arrays_of_one_type_are_arrays_and_all_others_jsonb() {
    let numbers = |length: usize, of: f64| Value::Array(vec![Value::Double(of); length]);
    let proposal = proposed(&items(4, |n| {
        vec![
            ("exact", numbers(32, 0.5)),
            ("finer", numbers(32, 0.1)),
            ("mixed", Value::Array(vec![text("a"), Value::Integer(1)])),
            ("nulls", Value::Array(vec![text("a"), Value::Null])),
            ("short", numbers(n, 0.5)),
            ("tags", Value::Array(vec![text("a")])),
        ]
    }));
    assert_eq!(
        fields(&proposal),
        [
            "exact vector(32) array",
            "finer double precision[] array",
            "mixed jsonb any",
            "nulls jsonb any",
            "short double precision[] array",
            "tags text[] array",
        ]
    );
    assert!(lines(&proposal, "finer")[1].contains("vector(32)"));
    assert_eq!(proposal.mapping.tables[0].indexes[0].on[0].name, "exact");
}

#[test]
fn vectors_get_the_index_that_takes_them() {
    let proposal = proposed(&items(2, |_| {
        vec![
            ("large", Value::Vector(vec![0.5; 2_048])),
            ("long", Value::Vector(vec![0.5; 5_000])),
            ("small", Value::Vector(vec![0.5; 3])),
        ]
    }));
    assert_eq!(
        fields(&proposal),
        [
            "large halfvec(2048) vector",
            "long vector(5000) vector",
            "small vector(3) vector"
        ]
    );
    let indexed: Vec<_> = proposal.mapping.tables[0]
        .indexes
        .iter()
        .map(|index| index.on[0].name.as_str())
        .collect();
    assert_eq!(indexed, ["large", "small"]);
    assert!(
        lines(&proposal, "large")[1].contains("16-bit"),
        "{:?}",
        lines(&proposal, "large")
    );
}

#[test]
fn arrays_of_records_and_maps_with_data_for_keys_become_tables() {
    let line = |n: i64| Value::Map(vec![("sku", text("s")), ("quantity", Value::Integer(n))]);
    let ids = ["4fT7sB1kQz09LmXy2WaR", "Rz09LmXy2WaR4fT7sB1k"];
    let proposal = proposed(&items(3, |_| {
        vec![
            ("lines", Value::Array(vec![line(1), line(2)])),
            ("one", Value::Array(vec![line(1)])),
            ("reactions", Value::Map(vec![("👍", Value::Integer(1))])),
            ("unread", Value::Map(ids.map(|id| (id, Value::Integer(1))).into())),
        ]
    }));
    // An array of which nobody ever had two is no list.
    assert_eq!(fields(&proposal), ["one jsonb any"]);
    let children: Vec<_> = proposal.mapping.tables[0]
        .children
        .iter()
        .map(|child| {
            format!(
                "{} {:?}: {}",
                child.name,
                child.of,
                said(&child.columns).join(", ")
            )
        })
        .collect();
    assert_eq!(
        children,
        [
            "item_lines Array: item_id text text, sku text text, quantity bigint integer",
            "item_reactions Map: item_id text text, value bigint integer",
            "item_unread Map: item_id text text, value bigint integer",
        ]
    );
    assert_eq!(proposal.mapping.tables[0].children[1].of, Collection::Map);
}

#[test]
fn what_postgres_cannot_say_is_escaped() {
    let proposal = proposed(&items(2, |_| {
        vec![
            ("a\0", Value::Integer(1)),
            ("b", text("x\0")),
            ("__c__", text("x")),
        ]
    }));
    assert_eq!(proposal.mapping.tables[0].nul, Nul::Escape);
    let left_out: Vec<_> = proposal.evidence["items"]
        .left_out
        .iter()
        .map(|(field, _)| field.as_str())
        .collect();
    assert_eq!(left_out, ["`a␀`", "__c__"]);
    let plain = proposed(&items(2, |_| vec![("b", text("x"))]));
    assert_eq!(plain.mapping.tables[0].nul, Nul::Quarantine);
}

#[test]
fn the_more_frequent_of_two_fields_has_the_name() {
    let proposal = proposed(&items(10, |n| {
        let mut fields = vec![("createdAt", Value::Integer(1))];
        if n == 0 {
            fields.push(("created_at", Value::Integer(1)));
        }
        fields
    }));
    assert_eq!(
        fields(&proposal),
        ["created_at bigint integer", "created_at_2 bigint integer"]
    );
}

#[test]
fn a_table_has_no_more_columns_than_a_reader_takes() {
    let names: Vec<&'static str> = (0..300).map(|n| leaked(format!("f{n:03}"))).collect();
    let proposal = proposed(&items(2, |n| {
        names
            .iter()
            .skip(n * 40)
            .map(|name| (*name, Value::Integer(1)))
            .collect()
    }));
    let columns = &proposal.mapping.tables[0].columns;
    assert_eq!(columns.len(), 251);
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    assert!(has("f040") && has("f289") && !has("f039"));
    assert_eq!(proposal.evidence["items"].left_out.len(), 50);
}

#[test]
fn collections_without_a_sample_are_remarked() {
    let censuses = BTreeMap::from([("empty".to_owned(), Census::default())]);
    let proposal = propose(&censuses, &BTreeMap::new());
    assert!(proposal.mapping.tables.is_empty());
    assert_eq!(proposal.remarks, ["no document of \"empty\" was sampled"]);
}
