//! What happens to values that do not fit, to nulls, to fields that are missing, and to U+0000.

use transforms::mapping::{Column, Fill, Holds, Literal, Misfit, Nul, Null, Scalar, Table, Type};
use transforms::{Reason, Value};

use super::{TEXT, amendments, column, map, row, rows, table};

#[test]
fn columns_come_from_inside_maps_and_the_rest_stays() {
    let table = table(vec![
        column("city", "address.city", TEXT, Holds::Text),
        column("zip", "address.zip", TEXT, Holds::Text),
    ]);
    let text = Value::Text;
    for (address, expected) in [
        (map(&[("city", text("Ulm"))]), "Ulm | NULL | NULL"),
        (
            map(&[("city", text("Ulm")), ("x", Value::Null)]),
            r#"Ulm | NULL | {"address":{"x":null}}"#,
        ),
        (
            map(&[("city", Value::Integer(1)), ("zip", text("8"))]),
            r#"NULL | 8 | {"address":{"city":1}}"#,
        ),
        (
            map(&[("city", Value::Null)]),
            r#"NULL | NULL | {"address":{"city":null}}"#,
        ),
        (map(&[]), r#"NULL | NULL | {"address":{}}"#),
        (text("Ulm"), r#"NULL | NULL | {"address":"Ulm"}"#),
        (Value::Null, r#"NULL | NULL | {"address":null}"#),
        (
            map(&[("city", text("Ulm")), ("$x", text("y"))]),
            r#"Ulm | NULL | {"address":{"$map":{"$x":"y"}}}"#,
        ),
    ] {
        assert_eq!(row(&table, vec![("address", address)]), expected);
    }
}

#[test]
fn policies_decide_over_what_does_not_fit() {
    let with = |misfit, required| {
        table(vec![Column {
            misfit,
            required,
            ..column("n", "n", Type::Scalar(Scalar::Integer), Holds::Integer)
        }])
    };
    let five = || vec![("n", Value::Text("5"))];
    assert_eq!(row(&with(Misfit::Overflow, false), five()), r#"NULL | {"n":"5"}"#);
    assert_eq!(row(&with(Misfit::Null, false), five()), "NULL | NULL");
    assert_eq!(row(&with(Misfit::Cast, false), five()), "5 | NULL");
    assert_eq!(
        amendments(&with(Misfit::Null, false), five()),
        [r#"n n: null "5""#]
    );
    assert_eq!(
        amendments(&with(Misfit::Cast, false), five()),
        [r#"n n: cast "5""#]
    );
    let uncastable = || vec![("n", Value::Text("five"))];
    assert_eq!(
        row(&with(Misfit::Cast, false), uncastable()),
        r#"NULL | {"n":"five"}"#
    );
    assert_eq!(amendments(&with(Misfit::Cast, false), uncastable()), [""; 0]);

    let reject = |misfit, required, fields| rows(&with(misfit, required), fields).unwrap_err();
    let refused = reject(Misfit::Quarantine, false, five());
    assert_eq!(
        refused.to_string(),
        r#"misfit in "n": a text that column "n" (integer) cannot hold"#
    );
    for fields in [five(), vec![], vec![("n", Value::Null)]] {
        assert_eq!(reject(Misfit::Overflow, true, fields).reason, Reason::Required);
    }
    assert_eq!(row(&with(Misfit::Cast, true), five()), "5 | NULL");
}

#[test]
fn nulls_and_missing_fields_are_told_apart_as_asked() {
    let with = |null, fill, default: Option<i64>| {
        table(vec![Column {
            null,
            fill,
            default: default.map(Literal::Integer),
            ..column("n", "m.n", Type::Scalar(Scalar::Integer), Holds::Integer)
        }])
    };
    let null = || vec![("m", map(&[("n", Value::Null)]))];
    let (keep, forget) = (Null::Keep, Null::Forget);
    for (table, fields, expected) in [
        (
            with(keep, Fill::Missing, None),
            null(),
            r#"NULL | {"m":{"n":null}}"#,
        ),
        (with(forget, Fill::Missing, None), null(), r#"NULL | {"m":{}}"#),
        (
            with(keep, Fill::Missing, Some(7)),
            null(),
            r#"NULL | {"m":{"n":null}}"#,
        ),
        (
            with(keep, Fill::Missing, Some(7)),
            vec![],
            r#"7 | {"__missing__":["m.n"]}"#,
        ),
        (
            with(keep, Fill::MissingOrNull, Some(7)),
            null(),
            r#"7 | {"m":{"n":null},"__missing__":["m.n"]}"#,
        ),
        (
            with(forget, Fill::MissingOrNull, Some(7)),
            null(),
            r#"7 | {"m":{},"__missing__":["m.n"]}"#,
        ),
    ] {
        assert_eq!(row(&table, fields), expected);
    }
    let mut wrong = with(keep, Fill::Missing, Some(7));
    wrong.columns[0].default = Some(Literal::Text("seven".into()));
    assert_eq!(rows(&wrong, vec![]).unwrap_err().reason, Reason::Misfit);
}

#[test]
fn nul_is_refused_shown_or_taken_out() {
    let with = |nul| Table {
        nul,
        ..table(vec![
            column("a", "a", TEXT, Holds::Text),
            column("j", "j", Type::Json, Holds::Any),
        ])
    };
    let fields = || {
        vec![
            ("a", Value::Text("x\0y")),
            ("j", map(&[("k\0", Value::Text("\0"))])),
            ("b\0", Value::Integer(1)),
            ("c", Value::Integer(2)),
        ]
    };
    assert_eq!(
        rows(&with(Nul::Quarantine), fields()).unwrap_err().reason,
        Reason::NulCharacter
    );
    assert_eq!(
        row(&with(Nul::Escape), fields()),
        "x␀y | {\"$entries\":[[{\"$text\":\"awA=\"},{\"$text\":\"AA==\"}]]} | \
         {\"c\":2,\"a\":{\"$text\":\"eAB5\"},\"__entries__\":[[{\"$text\":\"YgA=\"},1]]}"
    );
    assert_eq!(
        row(&with(Nul::Strip), fields()),
        r#"xy | {"k":""} | {"c":2,"b":1}"#
    );
    assert_eq!(
        amendments(&with(Nul::Strip), fields()),
        [
            r#"a a: strip "x\u0000y""#,
            r#"j j: strip {"k\u0000":"\u0000"}"#,
            r#"_extra b: strip {"$entries":[["b\u0000",1]]}"#,
        ]
    );
    let twice = vec![
        ("a\0", Value::Integer(1)),
        ("a", Value::Text("t")),
        ("\0a", Value::Null),
    ];
    assert_eq!(row(&with(Nul::Strip), twice.clone()), "t | NULL | NULL");
    assert_eq!(
        amendments(&with(Nul::Strip), twice),
        [r#"a a: strip {"$entries":[["a",t],["a\u0000",1],["\u0000a",null]]}"#.replace("t]", "\"t\"]")]
    );
}
