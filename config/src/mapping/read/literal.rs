//! Values as columns have them, and lists of them.

use toml::de::{DeTable, DeValue};

use super::reader::Reader;
use crate::file::article;
use crate::mapping::Literal;
use crate::mapping::check::Spot;

impl Reader<'_, '_> {
    /// A value as columns have it.
    pub(super) fn literal(&mut self, table: &DeTable<'_>, key: &'static str) -> Option<Literal> {
        let value = self.value(table, key)?;
        let literal = literal(value.get_ref());
        if literal.is_none() {
            self.wrong(
                key,
                value,
                "true or false, a 64-bit number, or a string in PostgreSQL's spelling",
            );
        }
        literal
    }

    /// A list of such values.
    pub(super) fn literals(&mut self, table: &DeTable<'_>, key: &'static str, example: &str) -> Vec<Literal> {
        let mut read = Vec::new();
        for item in self.items(table, key, example) {
            let (start, at) = (item.span().start, Some(read.len()));
            self.stands(
                Spot {
                    key,
                    item: at,
                    ..self.at
                },
                start,
            );
            match literal(item.get_ref()) {
                Some(literal) => read.push(literal),
                None => {
                    let found = article(item.get_ref().type_str());
                    let what =
                        format!("`{key}` has {found} in it; write a list of values, such as {example}");
                    self.refuse(key, start, what);
                }
            }
        }
        read
    }
}

fn literal(value: &DeValue<'_>) -> Option<Literal> {
    match value {
        DeValue::String(text) => Some(Literal::Text(text.to_string())),
        DeValue::Boolean(yes) => Some(Literal::Boolean(*yes)),
        DeValue::Datetime(moment) => Some(Literal::Text(moment.to_string())),
        DeValue::Float(number) => number.as_str().parse().ok().map(Literal::Double),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            number.ok().map(Literal::Integer)
        }
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
