//! Tagged JSON read back is the value it was written from.

use proptest::prelude::*;
use prost::Message;
use transforms::firestore::document;
use transforms::{Value, json};

use crate::arbitrary::{self, ROOT};

proptest! {
    #[test]
    fn every_value_is_read_back_from_its_text(theirs in arbitrary::document(), below: bool) {
        let body = theirs.encode_to_vec();
        let root = if below { ROOT } else { "projects/q/databases/d/documents" };
        for (_, value) in document(&body).unwrap().fields {
            let text = json::text(&value, root);
            let back = json::read(&text, root).unwrap();
            prop_assert!(back.view().same(&value), "{:?} became {} became {:?}", value, text, back);
        }
    }

    #[test]
    fn every_document_is_read_back_from_its_object(theirs in arbitrary::document()) {
        let body = theirs.encode_to_vec();
        let fields = document(&body).unwrap().fields;
        let back = json::read_object(&json::object(&fields, ROOT), ROOT).unwrap();
        let back: Vec<_> = back.iter().map(|(name, value)| (name.as_str(), value.view())).collect();
        prop_assert!(Value::Map(back).same(&Value::Map(fields)));
    }

    #[test]
    fn reading_any_text_never_panics(text in "[\\[\\]{}\":,0-9.eE$a-z -]{0,40}|\\PC{0,40}") {
        let _ = (json::read(&text, ROOT), json::read_object(&text, ROOT));
    }

    #[test]
    fn a_number_says_whether_it_was_a_double(double: f64, integer: i64) {
        prop_assert!(!json::text(&Value::Integer(integer), ROOT).contains(['.', 'e', '$']));
        let text = json::text(&Value::Double(double), ROOT);
        prop_assert!(text.starts_with("{\"$double\":\"") || text.contains('.') && !text.contains('e'), "{}", text);
    }
}
