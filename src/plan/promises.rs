//! What a run promises, what it does not, and what becomes of documents beyond being moved.

use super::words::entry;
use crate::text::{count, held};
use config::mapping::Records;
use config::{Config, Consistency};
use pipeline::forecast::Forecast;
use pipeline::plan::Plan;
use pipeline::run::Rehearsal;

/// Adds these lines to the page.
pub(super) fn promises(page: &mut String, rehearsal: &Rehearsal, config: &Config) {
    match config.qdrant() {
        Some(source) => {
            of_points(page, source.consistency);
            by_key(page, source);
        }
        None => of_documents(page, rehearsal),
    }
    if let Some(altered) = rehearsal
        .forecast
        .as_ref()
        .map(|forecast| altered(forecast, rehearsal.plan.source.records()))
    {
        for text in altered {
            entry(page, "", &text);
        }
    }
    left_behind(page, &rehearsal.plan);
}

/// A scroll is no snapshot: what holds about points that are written meanwhile is what was asked for.
fn of_points(page: &mut String, consistency: Consistency) {
    let (promised, more, not) = match consistency {
        Consistency::Fuzzy => (
            "every point that nobody wrote to during the run is there exactly once when the run is complete, in its table \
             or in the quarantine with the reason, however often the run is stopped or killed",
            "points that were written to meanwhile are there as they were at one moment or another, or not",
            "nothing tells afterwards which these are (--consistency sweeps does)",
        ),
        Consistency::Quiescent => (
            "when the run is complete, the rows are the collections, point for point and bit for bit: everything is read a \
             second time and held against what it came to when its rows were stored, and a single difference fails the run",
            "this takes writers that are kept out from start to end",
            "changes after the second reading are not followed",
        ),
        Consistency::Sweeps => (
            "when the run is complete, a last pass over all points has found each to be what it was when its row was stored, \
             bit for bit, with none missing and none too many; passes before it mended what they found",
            "what is written during that last pass behind the place it reads at is not seen: writers that are kept out for \
             its time make the rows the collections",
            "a source that never comes to rest fails the run after 8 passes; changes afterwards are not followed",
        ),
    };
    entry(page, "promised", promised);
    entry(page, "", more);
    entry(page, "not", not);
}

/// What passes rest on where they go by a key of the payload.
fn by_key(page: &mut String, source: &config::Qdrant) {
    let Some(key) = source
        .updated_at
        .as_ref()
        .filter(|_| source.consistency == Consistency::Sweeps)
    else {
        return;
    };
    let text = format!(
        "passes look at all ids, and otherwise only at points whose {key} is later than a minute before the reading before: \
         this rests on the application setting {key} at every write, by a clock that is right; a write that does not is \
         never found"
    );
    entry(page, "", &text);
}

fn of_documents(page: &mut String, rehearsal: &Rehearsal) {
    let plan = &rehearsal.plan;
    let kept = match rehearsal.recovers {
        true => "7 days",
        false => "an hour",
    };
    entry(
        page,
        "promised",
        "every document of the snapshot is there exactly once when the run is complete, in its table or in the \
         quarantine with the reason, however often the run is stopped or killed",
    );
    entry(
        page,
        "",
        &format!(
            "all of it as it was at {}, which can be read for {kept}; what is not read by then is read at a later \
             moment, and the run says of how many lanes that is so",
            plan.snapshot
        ),
    );
    entry(page, "not", "changes after the snapshot are not followed");
}

/// What becomes of documents beyond being moved, as far as the sample tells.
fn altered(forecast: &Forecast, records: Records) -> Vec<String> {
    let altered = &forecast.altered;
    let gone = format!("{} go to the quarantine", records.many());
    let of = [
        (altered.quarantined, gone.as_str()),
        (
            altered.cast,
            "values are stored as another type (misfit = \"cast\")",
        ),
        (
            altered.nulled,
            "values do not fit and become NULL (misfit = \"null\")",
        ),
        (altered.stripped, "texts lose U+0000 (nul = \"strip\")"),
        (altered.dropped, "values are left behind (drop)"),
    ];
    let found = of.iter().filter(|(number, _)| *number > 0);
    found
        .map(|(number, what)| {
            format!(
                "in the {} looked at, {} {what}",
                held(altered.looked_at, records),
                count(*number)
            )
        })
        .collect()
}

fn left_behind(page: &mut String, plan: &Plan) {
    if plan.left_behind.is_empty() {
        return;
    }
    let named: Vec<String> = plan
        .left_behind
        .iter()
        .map(|left| format!("{} ({})", left.id, held(left.documents, plan.source.records())))
        .collect();
    let text = format!(
        "collections that the mapping leaves where they are: {}",
        named.join(", ")
    );
    entry(page, "", &text);
}
