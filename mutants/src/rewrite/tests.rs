//! Each kind of change, in small: the file still is Rust, and has both ways in it.

use super::*;
use crate::list::{Genre, Mutant};

/// A mutant where `at` begins in `text`.
fn mutant(number: u32, text: &str, genre: Genre, at: &str, replacement: &str) -> Mutant {
    let byte = text.find(at).unwrap();
    let before = &text[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    Mutant {
        number,
        file: "a/src/x.rs".to_owned(),
        function: String::new(),
        genre,
        at: (line, column),
        replacement: replacement.to_owned(),
        change: String::new(),
        key: String::new(),
    }
}

/// The file with these mutants in it, without marks and in one line.
fn rewritten(text: &str, mutants: &[(Genre, &str, &str)]) -> (String, usize) {
    let mutants: Vec<Mutant> = (1..)
        .zip(mutants)
        .map(|(number, (genre, at, replacement))| mutant(number, text, *genre, at, replacement))
        .collect();
    let done = rewrite(text, &mutants.iter().collect::<Vec<_>>()).unwrap();
    syn::parse_file(&done.text).unwrap_or_else(|error| panic!("{error}:\n{}", done.text));
    let mut plain = String::new();
    for (number, part) in done.text.split("/*").enumerate() {
        plain += match part.split_once("*/") {
            Some((_, rest)) if number > 0 => rest,
            _ => part,
        };
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    (words.join(" "), done.unplaced.len())
}

fn assert_has(text: &str, mutants: &[(Genre, &str, &str)], wanted: &[&str]) {
    let (plain, unplaced) = rewritten(text, mutants);
    assert_eq!(unplaced, 0, "{plain}");
    for wanted in wanted {
        assert!(plain.contains(wanted), "{wanted} is not in {plain}");
    }
}

#[test]
fn a_function_may_return_at_once() {
    assert_has(
        "fn é() -> u8 { let x = 1;\n x }\nasync fn g() {}",
        &[
            (Genre::FnValue, "let x", "0"),
            (Genre::FnValue, "let x", "7"),
            (Genre::FnValue, "{}", "()"),
        ],
        &[
            "if crate::mutant::is(1) { return 0; } if crate::mutant::is(2) { return 7; } let x = 1; x }",
            "{ if crate::mutant::is(3) { return (); } }",
        ],
    );
}

#[test]
fn operators_are_others_also_within_each_other() {
    assert_has(
        "fn f(a: u8, b: u8) -> bool { let é = \"é\"; a + b * 2 < 3 || a == b }",
        &[
            (Genre::BinaryOperator, "||", "&&"),
            (Genre::BinaryOperator, "+", "-"),
            (Genre::BinaryOperator, "*", "/"),
            (Genre::BinaryOperator, "*", "+"),
        ],
        &[
            "(if crate::mutant::is(1) { a + b * 2 < 3 && a == b } else { (if crate::mutant::is(2) { a - b * 2 } else { \
             a + (if crate::mutant::is(3) { b / 2 } else if crate::mutant::is(4) { b + 2 } else { b * 2 }) }) < 3 || a \
             == b })",
        ],
    );
    assert_has(
        "fn f(a: &mut u8) { *a += 1; }",
        &[(Genre::BinaryOperator, "+=", "-=")],
        &["(if crate::mutant::is(1) { *a -= 1 } else { *a += 1 });"],
    );
}

#[test]
fn what_was_cast_may_be_less() {
    assert_has(
        "fn f(a: u8) -> bool { a as u64 > 5 }",
        &[(Genre::BinaryOperator, "> 5", "<")],
        &["{ (a as u64 ) < 5 } else { a as u64 > 5 })"],
    );
}

#[test]
fn a_sign_may_not_be_there() {
    assert_has(
        "fn f(a: bool) -> bool { !a && -1 < 0 }",
        &[(Genre::UnaryOperator, "!", ""), (Genre::UnaryOperator, "-1", "")],
        &[
            "(if crate::mutant::is(1) { a } else { !a })",
            "(if crate::mutant::is(2) { 1 } else { -1 })",
        ],
    );
}

#[test]
fn an_arm_may_never_match_and_its_condition_be_another() {
    assert_has(
        "fn f(a: u8) -> u8 { match a { 0 | 1 => 1, n if n < 5 || n > 9 => 2, _ => 3 } }",
        &[
            (Genre::MatchArm, "0 |", ""),
            (Genre::MatchArm, "n if", ""),
            (Genre::MatchArmGuard, "n < 5", "true"),
            (Genre::BinaryOperator, "||", "&&"),
        ],
        &[
            "0 | 1 if !crate::mutant::is(1) => 1",
            "n if !crate::mutant::is(2) && (if crate::mutant::is(3) { true } else { (if crate::mutant::is(4) { n < 5 \
             && n > 9 } else { n < 5 || n > 9 }) }) => 2",
        ],
    );
}

#[test]
fn a_field_may_come_from_the_rest() {
    assert_has(
        "fn f(d: S) -> S { S { a: 1, b: 2, ..d } }",
        &[(Genre::StructField, "a: 1", ""), (Genre::StructField, "b: 2", "")],
        &[
            "(if crate::mutant::is(1) { S { b: 2, ..d } } else if crate::mutant::is(2) { S { a: 1, ..d } } else { S { \
             a: 1, b: 2, ..d } })",
        ],
    );
}

#[test]
fn in_a_chain_what_lies_behind_the_last_let_is_changed() {
    let text = "fn f(o: Option<u8>) { if true && let Some(a) = o && a < 1 && a > 2 {} }";
    assert_has(
        text,
        &[
            (Genre::BinaryOperator, "< 1", ">"),
            (Genre::BinaryOperator, "&& a > 2", "||"),
        ],
        &[
            "let Some(a) = o && (if crate::mutant::is(2) { a < 1 || a > 2 } else { (if crate::mutant::is(1) { a > 1 } \
             else { a < 1 }) && a > 2 }) {",
        ],
    );
    let beside = [
        (Genre::BinaryOperator, "&& let", "||"),
        (Genre::BinaryOperator, "&& a <", "||"),
    ];
    assert_eq!(rewritten(text, &beside).1, 2, "what is left would not know `a`");
}

#[test]
fn constants_do_not_choose() {
    let text = "const A: u8 = 1 + 2; const fn f() -> u8 { 3 * 4 } static B: [u8; 5 - 1] = [0; 4];";
    let all = [
        (Genre::BinaryOperator, "+", "-"),
        (Genre::BinaryOperator, "*", "+"),
        (Genre::FnValue, "3", "0"),
        (Genre::BinaryOperator, "- 1", "+"),
    ];
    assert_eq!(rewritten(text, &all).1, 4);
}
