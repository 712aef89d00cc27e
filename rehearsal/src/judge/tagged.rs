//! The tagged JSON that fills `jsonb` columns and `_extra`, read back into Firestore values.
//! It promises to be strict: a tag it does not know, a bare number a double may not be, an integer beyond
//! 64 bits are errors, so a sloppy writer does not pass for an exact one.
//! Which field stands where is left to `rule`.
//!
//! Postgres keeps a number's digits, so one with a point is a double and any other an integer.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::moment;
use super::value::{Exact, Value};

/// The value of a tagged JSON; `root` is what the names of the database's own documents begin with.
pub(super) fn read(json: &Json, root: &str) -> Result<Value> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::String(value) => Value::Text(value.clone()),
        Json::Array(values) => Value::Array(
            values
                .iter()
                .map(|value| read(value, root))
                .collect::<Result<_>>()?,
        ),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Integer(value),
            None => Value::Double(plain(json)?),
        },
        Json::Object(object) => match object.iter().next() {
            Some((tag, inner)) if object.len() == 1 && tag.starts_with('$') => tagged(tag, inner, root)?,
            _ => map(object, root)?,
        },
    })
}

fn tagged(tag: &str, inner: &Json, root: &str) -> Result<Value> {
    let string = || {
        inner
            .as_str()
            .with_context(|| format!("{tag} holds {inner} instead of a string"))
    };
    let list = || {
        inner
            .as_array()
            .with_context(|| format!("{tag} holds {inner} instead of a list"))
    };
    Ok(match tag {
        "$double" => Value::Double(named(string()?)?),
        "$timestamp" => Value::Timestamp(moment::nanoseconds(string()?)?),
        "$bytes" => Value::Bytes(
            STANDARD
                .decode(string()?)
                .with_context(|| format!("{inner} is no base64"))?,
        ),
        "$reference" => Value::Reference(match inner {
            Json::String(path) => format!("{root}/{path}"),
            _ => {
                let name = inner
                    .get("name")
                    .and_then(Json::as_str)
                    .context("$reference holds neither path nor name")?;
                ensure!(
                    !name.starts_with(&format!("{root}/")),
                    "{name} is of this database and yet spelled in full"
                );
                name.to_owned()
            }
        }),
        "$geopoint" => {
            let [latitude, longitude] = list()?.as_slice() else {
                bail!("$geopoint holds {inner}")
            };
            Value::Point(double(latitude)?, double(longitude)?)
        }
        "$vector" => Value::Vector(list()?.iter().map(double).collect::<Result<_>>()?),
        "$map" => map(
            inner.as_object().with_context(|| format!("$map holds {inner}"))?,
            root,
        )?,
        _ => bail!("{tag} is no tag"),
    })
}

fn map(object: &Map<String, Json>, root: &str) -> Result<Value> {
    let field = |(name, value): (&String, &Json)| Ok((name.clone(), read(value, root)?));
    Ok(Value::Map(object.iter().map(field).collect::<Result<_>>()?))
}

/// A double where no other type can stand: bare, or named.
fn double(json: &Json) -> Result<Exact> {
    match json {
        Json::Object(object) if object.len() == 1 => named(
            object
                .get("$double")
                .and_then(Json::as_str)
                .with_context(|| format!("{json} is no double"))?,
        ),
        _ => plain(json),
    }
}

/// A bare double: zero, or of a size that needs no exponent.
fn plain(json: &Json) -> Result<Exact> {
    let value = json
        .as_number()
        .filter(|number| number.is_f64())
        .and_then(|number| number.as_f64());
    let value = value.with_context(|| format!("{json} is neither a double nor a 64-bit integer"))?;
    ensure!(
        value == 0.0 || (1e-6..1e21).contains(&value.abs()),
        "{value:e} stands without its $double tag"
    );
    ensure!(
        value != 0.0 || value.is_sign_positive(),
        "-0.0 stands without its $double tag"
    );
    Ok(Exact(value))
}

/// A double that JSON cannot say, or not briefly.
fn named(name: &str) -> Result<Exact> {
    let value: f64 = name.parse().with_context(|| format!("$double holds {name:?}"))?;
    let bare = value.is_finite() && (1e-6..1e21).contains(&value.abs()) || value.to_bits() == 0;
    ensure!(!bare, "{name:?} needs no $double tag");
    Ok(Exact(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ROOT: &str = "projects/p/databases/d/documents";

    fn of(json: &str) -> Result<Value> {
        read(&serde_json::from_str(json).unwrap(), ROOT)
    }

    #[test]
    fn a_point_makes_a_number_a_double() {
        assert_eq!(of("5").unwrap(), Value::Integer(5));
        assert_eq!(of("5.0").unwrap(), Value::Double(Exact(5.0)));
        assert_eq!(of("-9223372036854775808").unwrap(), Value::Integer(i64::MIN));
        assert_eq!(of("100000000000000000000.0").unwrap(), Value::Double(Exact(1e20)));
        assert_eq!(of("0.000001").unwrap(), Value::Double(Exact(1e-6)));
        assert_eq!(
            of("0.30000000000000004").unwrap(),
            Value::Double(Exact(0.1 + 0.2))
        );
    }

    #[test]
    fn every_tag_is_read_back() {
        assert_eq!(of(r#"{"$double":"-0.0"}"#).unwrap(), Value::Double(Exact(-0.0)));
        assert_eq!(of(r#"{"$double":"1e300"}"#).unwrap(), Value::Double(Exact(1e300)));
        assert_eq!(
            of(r#"{"$double":"NaN"}"#).unwrap(),
            Value::Double(Exact(f64::NAN))
        );
        assert_eq!(
            of(r#"{"$timestamp":"1970-01-01T00:00:00.000001Z"}"#).unwrap(),
            Value::Timestamp(1_000)
        );
        assert_eq!(of(r#"{"$bytes":"AP8="}"#).unwrap(), Value::Bytes(vec![0, 255]));
        assert_eq!(
            of(r#"{"$reference":"a/b"}"#).unwrap(),
            Value::Reference(format!("{ROOT}/a/b"))
        );
        assert_eq!(
            of(r#"{"$reference":{"name":"projects/x"}}"#).unwrap(),
            Value::Reference("projects/x".into())
        );
        assert_eq!(
            of(r#"{"$geopoint":[1.5,{"$double":"-0.0"}]}"#).unwrap(),
            Value::Point(Exact(1.5), Exact(-0.0))
        );
        assert_eq!(
            of(r#"{"$vector":[0.5,{"$double":"1e-7"}]}"#).unwrap(),
            Value::Vector(vec![Exact(0.5), Exact(1e-7)])
        );
    }

    #[test]
    fn only_a_map_that_looks_like_a_tag_is_wrapped() {
        let one = |name: &str| Value::Map([(name.to_owned(), Value::Integer(1))].into());
        assert_eq!(of(r#"{"$map":{"$double":1}}"#).unwrap(), one("$double"));
        assert_eq!(of(r#"{"a":1}"#).unwrap(), one("a"));
        assert!(matches!(of(r#"{"$a":1,"$b":2}"#).unwrap(), Value::Map(fields) if fields.len() == 2));
        assert_eq!(of("{}").unwrap(), Value::Map(Default::default()));
    }

    #[test]
    fn what_the_rules_do_not_write_is_refused() {
        for json in [
            "1e300",
            "1e-7",
            "-0.0",
            "18446744073709551615",
            r#"{"$double":"1.5"}"#,
            r#"{"$x":1}"#,
            r#"{"$reference":{"name":"projects/p/databases/d/documents/a/b"}}"#,
            r#"{"$geopoint":[1,2]}"#,
            r#"{"$double":0.5}"#,
        ] {
            assert!(of(json).is_err(), "{json}");
        }
    }
}
