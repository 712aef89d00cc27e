//! Pages for programs that drive a running simulator: what was billed and what struck, and what is to go wrong next.
//!
//! No fault ever strikes them. Answers are JSON but for the plan, which is the text that its file would have.

use crate::fault::{Plan, Struck, read_duration};
use crate::meter::Bill;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// What the pages are, for whoever asks for another.
const PAGES: &str = "\
GET    /                                                       Ok
GET    /simulator/v1/bill?database=projects/P/databases/D      what a database billed so far
GET    /simulator/v1/plan                                      the plan that holds
PUT    /simulator/v1/plan                                      another plan, as a file would have it
GET    /simulator/v1/struck                                    what each rule of the plan did so far
GET    /simulator/v1/clock                                     what time it is
POST   /simulator/v1/clock?advance=31m                         lets time pass
DELETE /emulator/v1/projects/P/databases/D/documents           forgets what was written to a database, and its bill
";

/// Answers one request: a status, and the text of the page or of what is wrong.
pub(crate) fn answer(
    state: &State,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &[u8],
) -> (StatusCode, String) {
    let page = match (method.as_str(), path) {
        ("GET", "/") => Ok("Ok\n".to_owned()),
        ("GET", "/simulator/v1/bill") => bill(state, query),
        ("GET", "/simulator/v1/plan") => Ok(state.faults.plan().to_toml()),
        ("PUT", "/simulator/v1/plan") => set_plan(state, body),
        ("GET", "/simulator/v1/struck") => Ok(page(&struck(&state.faults.struck()))),
        ("GET", "/simulator/v1/clock") => Ok(clock(state)),
        ("POST", "/simulator/v1/clock") => advance(state, query),
        ("DELETE", path) if path.starts_with(DATABASES) => wipe(state, path),
        _ => {
            return (
                StatusCode::NOT_FOUND,
                format!("{method} {path} is not here; these are:\n{PAGES}"),
            );
        }
    };
    match page {
        Ok(text) => (StatusCode::OK, text),
        Err(wrong) => (StatusCode::BAD_REQUEST, format!("{wrong}\n")),
    }
}

const DATABASES: &str = "/emulator/v1/";

fn bill(state: &State, query: Option<&str>) -> Result<String, String> {
    let name = parameter(query, "database")
        .ok_or("name the database: ?database=projects/PROJECT/databases/DATABASE")?;
    let database = state
        .database_of_any_mode(&name)
        .map_err(|status| status.message().to_owned())?;
    Ok(page(&told(&database.meter().bill())))
}

fn set_plan(state: &State, body: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the plan is not UTF-8")?;
    let plan = Plan::parse(text, "plan").map_err(|problems| problems.to_string())?;
    state.set_plan(plan);
    Ok(state.faults.plan().to_toml())
}

fn advance(state: &State, query: Option<&str>) -> Result<String, String> {
    let asked = parameter(query, "advance");
    let time = asked.as_deref().and_then(read_duration);
    let time = time.ok_or("say how far, with a unit: ?advance=31m")?;
    state.clock.advance(time);
    Ok(clock(state))
}

fn clock(state: &State) -> String {
    let now = jiff::Timestamp::from_microsecond(state.clock.now().0).unwrap_or_default();
    page(&json!({ "now": now.to_string() }))
}

fn wipe(state: &State, path: &str) -> Result<String, String> {
    let wrong =
        || "what can be wiped is /emulator/v1/projects/PROJECT/databases/DATABASE/documents".to_owned();
    let path = decoded(path.trim_start_matches(DATABASES));
    let name = path.strip_suffix("/documents").ok_or_else(wrong)?;
    state.wipe(name).map_err(|_| wrong())?;
    Ok(page(&json!({})))
}

/// A bill, and the sum of its reads.
fn told(bill: &Bill) -> Value {
    json!({
        "reads": bill.reads(),
        "documents": bill.documents,
        "skipped": bill.skipped,
        "counted": bill.counted,
        "empty": bill.empty,
        "listings": bill.listings,
        "listened": bill.listened,
        "looked": bill.looked,
        "writes": bill.writes,
        "deletes": bill.deletes,
        "refused": bill.refused,
        "most_in_a_second": bill.most_in_a_second,
        "most_in_ten_seconds": bill.most_in_ten_seconds,
    })
}

fn struck(rules: &[Struck]) -> Value {
    let told = |rule: &Struck| {
        json!({
            "rule": rule.rule,
            "strike": rule.strike.word(),
            "calls": rule.calls,
            "chosen": rule.chosen,
            "times": rule.times,
        })
    };
    rules.iter().map(told).collect()
}

fn page(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The parameter of that name in a query.
fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| decoded(value))
}

/// Percent-encoding undone; what is none stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        match (first, after) {
            (b'%', [high, low, after @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                let byte = digit(high)
                    .zip(digit(low))
                    .map_or(0, |(high, low)| high * 16 + low);
                bytes.push(u8::try_from(byte).unwrap_or(0));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Faults, Strike};
    use crate::meter::Read;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const DATABASE: &str = "projects/p/databases/(default)";

    fn state() -> State {
        let plan = Plan::new(7).fault(Fault::new(Strike::Unavailable));
        State::new(Faults::new(plan), BTreeMap::new())
    }

    fn ask(state: &State, request: &str, body: &str) -> (u16, String) {
        let (method, place) = request.split_once(' ').unwrap();
        let (path, query) = place
            .split_once('?')
            .map_or((place, None), |(path, query)| (path, Some(query)));
        let (code, text) = answer(state, &method.parse().unwrap(), path, query, body.as_bytes());
        (code.as_u16(), text)
    }

    fn json(state: &State, request: &str) -> Value {
        let (code, text) = ask(state, request, "");
        assert_eq!(code, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_page_that_is_listed_answers_and_no_other() {
        let state = state();
        for line in PAGES.lines() {
            let page: Vec<&str> = line.split_whitespace().take(2).collect();
            assert_eq!(ask(&state, &page.join(" "), "").0, 200, "{line}");
        }
        for page in [
            "GET /nowhere",
            "POST /simulator/v1/plan",
            "DELETE /",
            "GET /emulator/v1/projects/p",
        ] {
            assert_eq!(ask(&state, page, "").0, 404, "{page}");
        }
    }

    #[test]
    fn a_plan_is_replaced_by_a_good_one_only() {
        let state = state();
        let (_, before) = ask(&state, "GET /simulator/v1/plan", "");
        let (code, told) = ask(
            &state,
            "PUT /simulator/v1/plan",
            "seed = 1\n[[fault]]\nstrike = \"stal\"\n",
        );
        assert_eq!(
            (code, told.starts_with("plan line 3: there is no strike")),
            (400, true),
            "{told}"
        );
        assert_eq!(ask(&state, "GET /simulator/v1/plan", "").1, before);
        let (code, _) = ask(
            &state,
            "PUT /simulator/v1/plan",
            "clock_skew = \"1h\"\n[quota]\nreads_per_second = 1\n",
        );
        assert_eq!(
            (code, ask(&state, "GET /simulator/v1/struck", "").1.trim()),
            (200, "[]")
        );
        let meter = state.database(DATABASE).unwrap();
        assert_eq!(meter.meter().room(), 1);
    }

    #[test]
    fn a_bill_is_told_by_kind_and_forgotten_with_what_was_written() {
        let state = state();
        let bill = format!("GET /simulator/v1/bill?database={DATABASE}");
        state
            .database(DATABASE)
            .unwrap()
            .meter()
            .read(Read::Looked, 3)
            .unwrap();
        let told = json(&state, &bill);
        assert_eq!(
            (&told["looked"], &told["reads"], &told["refused"]),
            (&json!(3), &json!(3), &json!(0))
        );
        json(
            &state,
            "DELETE /emulator/v1/projects/p/databases/%28default%29/documents",
        );
        assert_eq!(json(&state, &bill)["reads"], json!(0));
        assert_eq!(ask(&state, "GET /simulator/v1/bill?database=p", "").0, 400);
    }

    #[test]
    fn time_passes_as_it_is_told_to() {
        let state = state();
        let before = state.clock.now();
        json(&state, "POST /simulator/v1/clock?advance=31m");
        assert!(state.clock.now() >= before.after(std::time::Duration::from_secs(31 * 60)));
        assert_eq!(ask(&state, "POST /simulator/v1/clock?advance=31", "").0, 400);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in ".{0,20}", plain in any::<bool>()) {
            let safe = |byte: &u8| plain && byte.is_ascii_alphanumeric();
            let encoded: String = text
                .bytes()
                .map(|byte| if safe(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
                .collect();
            prop_assert_eq!(decoded(&encoded), text);
        }

        #[test]
        fn no_text_makes_the_decoder_panic(text in "[%0-9a-f+é]{0,12}") {
            let _ = decoded(&text);
        }
    }
}
