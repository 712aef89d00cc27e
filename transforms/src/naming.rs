//! Names in PostgreSQL for names in Firestore: snake case, at most 63 bytes, no two the same.
//! The same set of names always gives the same answer, and who already bears a good name keeps it.
//! Telling the operator about names that came out otherwise is the inference's.

use std::collections::HashSet;

/// PostgreSQL cuts longer identifiers without an error.
const LONGEST: usize = 63;

/// The words of a name, lower-cased and joined by `_`: from camelCase, PascalCase, kebab-case, spaces and dots.
/// Letters and digits of every script stay; everything else parts words. May be empty.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        let parts = !letter.is_alphanumeric() || begins_word(&letters, at);
        if parts && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if letter.is_alphanumeric() {
            // Some letters become a letter and a loose accent; the accent alone would be no letter.
            snake.extend(letter.to_lowercase().filter(|lower| lower.is_alphanumeric()));
        }
    }
    snake.truncate(snake.trim_end_matches('_').len());
    snake
}

/// Whether a word begins inside a run of letters: `orderId` → order·Id, `HTTPServer` → HTTP·Server.
fn begins_word(letters: &[char], at: usize) -> bool {
    let Some(previous) = at.checked_sub(1).map(|before| letters[before]) else {
        return false;
    };
    let next_is_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
    is_capital(letters[at])
        && (previous.is_lowercase() || previous.is_numeric() || (is_capital(previous) && next_is_lower))
}

/// A letter with a lower case to go to. Mathematical capitals have none: parted once, they would part again.
fn is_capital(letter: char) -> bool {
    letter.is_uppercase() && letter.to_lowercase().ne([letter])
}

/// A usable identifier: never empty, never beginning with a digit, never longer than PostgreSQL allows.
pub(crate) fn identifier(name: &str, fallback: &str) -> String {
    let snake = snake_case(name);
    match snake.chars().next() {
        None => fallback.into(),
        Some(first) if first.is_numeric() => cut(&format!("_{snake}"), LONGEST).into(),
        Some(_) => cut(&snake, LONGEST).into(),
    }
}

/// At most so many bytes of a text, ending at a character and not in `_`.
fn cut(text: &str, bytes: usize) -> &str {
    text[..text.floor_char_boundary(bytes)].trim_end_matches('_')
}

/// One identifier for each of the (distinct) names, none twice and none reserved. Names that are identifiers
/// already come first; the others follow in the order of the names and take `_2`, `_3`, … where they must.
pub(crate) fn assign(names: &[&str], reserved: &[&str], fallback: &str) -> Vec<String> {
    let wanted: Vec<String> = names.iter().map(|name| identifier(name, fallback)).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&at| (wanted[at] != names[at], names[at]));

    let mut taken = reserved.iter().map(|name| String::from(*name)).collect();
    settle(&wanted, &order, &mut taken)
}

/// The names wanted, made different from each other and from those taken, in this order. They are taken from then on.
pub(crate) fn settle(wanted: &[String], order: &[usize], taken: &mut HashSet<String>) -> Vec<String> {
    let mut settled = vec![String::new(); wanted.len()];
    for &at in order {
        let name = free(&wanted[at], taken);
        taken.insert(name.clone());
        settled[at] = name;
    }
    settled
}

/// What one of the things is called that a table is named after: `users` → `user`, `categories` → `category`.
/// English only, and only its common plurals: a name that is none of them stays as it is.
pub(crate) fn singular(name: &str) -> String {
    let shorter = |ending: &str, instead: &str| {
        name.strip_suffix(ending)
            .filter(|stem| stem.chars().count() > 1)
            .map(|stem| format!("{stem}{instead}"))
    };
    let never = ["ss", "us", "is", "news", "series"];
    if never.iter().any(|ending| name.ends_with(ending)) {
        return name.into();
    }
    shorter("ies", "y")
        .or_else(|| shorter("sses", "ss"))
        .or_else(|| shorter("xes", "x"))
        .or_else(|| shorter("ches", "ch"))
        .or_else(|| shorter("shes", "sh"))
        .or_else(|| shorter("s", ""))
        .unwrap_or_else(|| name.into())
}

pub(crate) fn free(wanted: &str, taken: &HashSet<String>) -> String {
    if !taken.contains(wanted) {
        return wanted.into();
    }
    let numbered = |number: u64| {
        let suffix = format!("_{number}");
        format!("{}{suffix}", cut(wanted, LONGEST - suffix.len()))
    };
    (2..)
        .map(numbered)
        .find(|name| !taken.contains(name))
        .expect("more numbers than names")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::RESERVED_COLUMNS;
    use proptest::collection::hash_set;
    use proptest::prelude::*;

    #[test]
    fn words_are_found_the_way_people_write_them() {
        for (name, snake) in [
            ("orderId", "order_id"),
            ("OrderLines", "order_lines"),
            ("HTTPServer", "http_server"),
            ("userID", "user_id"),
            ("line2Text", "line2_text"),
            ("first-name", "first_name"),
            ("first name.last", "first_name_last"),
            ("__weird__--name__", "weird_name"),
            ("already_snake", "already_snake"),
            ("größeÄnderung", "größe_änderung"),
            ("価格", "価格"),
            ("İstanbul", "istanbul"),
            ("a\0b", "a_b"),
            ("Ϲ𝒢𞟨", "ϲ𝒢𞟨"),
            ("!?", ""),
        ] {
            assert_eq!(snake_case(name), snake, "{name:?}");
        }
    }

    #[test]
    fn an_identifier_is_never_empty_and_never_begins_with_a_digit() {
        assert_eq!(identifier("2fa", "field"), "_2fa");
        assert_eq!(identifier("...", "field"), "field");
        assert_eq!(identifier(&"é".repeat(40), "field"), "é".repeat(31));
    }

    #[test]
    fn who_bears_a_good_name_keeps_it() {
        let names = ["userId", "user_id", "user-id", "ctid", "user_id_2"];
        assert_eq!(
            assign(&names, &RESERVED_COLUMNS, "field"),
            ["user_id_4", "user_id", "user_id_3", "ctid_2", "user_id_2"]
        );
    }

    #[test]
    fn one_of_many_is_called_as_people_call_it() {
        for (many, one) in [
            ("users", "user"),
            ("categories", "category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("matches", "match"),
            ("order_items", "order_item"),
            ("status", "status"),
            ("news", "news"),
            ("staff", "staff"),
            ("ss", "ss"),
            ("s", "s"),
            ("füße", "füße"),
        ] {
            assert_eq!(singular(many), one);
        }
    }

    #[test]
    fn long_names_that_differ_at_the_end_only_stay_apart() {
        let names = [format!("{}a", "x".repeat(80)), format!("{}b", "x".repeat(80))];
        let names = [names[0].as_str(), names[1].as_str()];
        let expected = ["x".repeat(63), format!("{}_2", "x".repeat(61))];
        assert_eq!(assign(&names, &[], "field"), expected);
    }

    proptest! {
        #[test]
        fn an_identifier_fits_postgres_and_names_itself(name in "\\PC{0,80}|[a-cA-C0-2_. -]{0,80}") {
            let identifier = identifier(&name, "field");
            prop_assert!((1..=LONGEST).contains(&identifier.len()));
            prop_assert!(!identifier.contains('\0'));
            prop_assert_eq!(super::identifier(&identifier, "field"), identifier);
        }

        #[test]
        fn no_two_names_become_one_whatever_their_order(names in hash_set("[aAbB_. 1]{0,4}|x{60,66}[aB1]{0,2}", 0..30)) {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            let assigned = assign(&names, &["a", "b"], "field");
            let unique: HashSet<&String> = assigned.iter().collect();
            prop_assert_eq!(unique.len(), names.len());
            prop_assert!(assigned.iter().all(|name| name.len() <= LONGEST && name != "a" && name != "b"));
            names.reverse();
            let reversed: Vec<String> = assign(&names, &["a", "b"], "field").into_iter().rev().collect();
            prop_assert_eq!(reversed, assigned);
        }
    }
}
