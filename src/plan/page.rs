//! The page of a plan: tables first, then a line or two for each question somebody has before a run.

use super::after::after;
use super::promises::promises;
use super::words::{basis, cents, entry, short, short_time};
use crate::text::{bytes, count, counted, held, table};
use config::Config;
use config::mapping::Records;
use pipeline::forecast::{Bound, Expected, Forecast, Price, Reads, TableSize};
use pipeline::run::Rehearsal;

/// The page for people.
pub(super) fn page(rehearsal: &Rehearsal, config: &Config, sql: bool) -> String {
    let plan = &rehearsal.plan;
    let mut page = String::new();
    let place = config.target.as_ref().map_or_else(String::new, |target| {
        let connection = &target.connection;
        let hosts = connection.hosts.join(",");
        format!(" of {hosts}:{}/{}", connection.port, connection.dbname)
    });
    entry(
        &mut page,
        "from",
        &format!("{} at {}", plan.source, plan.snapshot),
    );
    entry(
        &mut page,
        "into",
        &format!("schema {}{place}", plan.mapping.schema),
    );
    page.push('\n');
    page.push_str(&tables(rehearsal));
    page.push('\n');
    entry(&mut page, "load", &how(rehearsal, config));
    if let Some(forecast) = &rehearsal.forecast {
        if let (Some(billed), Some(price)) = (&forecast.reads, &rehearsal.price) {
            reads(&mut page, rehearsal, billed, price);
        }
        time(&mut page, forecast, plan.source.records());
        disk(&mut page, forecast);
    }
    after(&mut page, rehearsal, sql);
    promises(&mut page, rehearsal, config);
    for remark in &plan.remarks {
        entry(&mut page, "note", remark);
    }
    page.push('\n');
    if sql && !rehearsal.sql.is_empty() {
        page.push_str(&rehearsal.sql);
        page.push_str("\n-- after the load\n");
        for step in &rehearsal.after {
            page.push_str(&format!("{};\n", step.sql()));
        }
        page.push('\n');
    }
    if !rehearsal.registered {
        page.push_str("nothing was changed\n");
    }
    page.push_str(&format!("next: {}\n", next(rehearsal)));
    page
}

/// What to do with it.
pub(super) fn next(rehearsal: &Rehearsal) -> &'static str {
    match (rehearsal.registered, over_budget(rehearsal)) {
        (true, _) => "the run is registered and its tables are there; `etl run` goes on with it",
        (false, true) => {
            "raise the budget, or start `etl run` all the same: it stops when the budget is used up"
        }
        (false, false) => "`etl run` with the same settings",
    }
}

fn over_budget(rehearsal: &Rehearsal) -> bool {
    let forecast = rehearsal.forecast.as_ref();
    let reads = forecast.and_then(|forecast| Some(forecast.reads.as_ref()?.run()));
    matches!((rehearsal.limit, reads), (Some(limit), Some(reads)) if reads > limit)
}

fn tables(rehearsal: &Rehearsal) -> String {
    let plan = &rehearsal.plan;
    let sizes = rehearsal
        .forecast
        .as_ref()
        .map_or(&[][..], |forecast| &forecast.tables);
    let mut rows = Vec::new();
    for (place, collection) in plan.collections.iter().enumerate() {
        let lanes = plan.lanes.iter().filter(|lane| lane.collection == place);
        let documents: u64 = lanes.clone().map(|lane| lane.documents).sum();
        for (of_collection, relation) in collection.relations().iter().enumerate() {
            let size = sizes.iter().find(|size| size.table == relation.name());
            let first = of_collection == 0;
            let of_first = |text: String| if first { text } else { String::new() };
            let told = |told: fn(&TableSize) -> String| size.map_or_else(String::new, told);
            rows.push(vec![
                of_first(short(&collection.visible())),
                short(relation.name()),
                of_first(count(documents)),
                told(|size| count(size.rows)),
                told(|size| {
                    if size.wire > 0 {
                        bytes(size.wire)
                    } else {
                        String::new()
                    }
                }),
                told(|size| bytes(size.bytes())),
                of_first(lanes.clone().count().to_string()),
            ]);
        }
    }
    let heads = [
        "collection",
        "table",
        &format!(">{}", plan.source.records().many()),
        ">rows",
        ">read",
        ">disk",
        ">lanes",
    ];
    table(&heads, &rows)
}

fn how(rehearsal: &Rehearsal, config: &Config) -> String {
    let plan = &rehearsal.plan;
    let lanes = config.run.lanes.get().min(plan.lanes.len());
    let whose = match rehearsal.registered {
        true => "tables that this run has made",
        false => "tables that this run creates or finds empty",
    };
    format!(
        "{} in {}, {lanes} at a time, by COPY straight into {whose}: without a key, that is fastest; \
         keys and indexes follow",
        held(plan.documents(), plan.source.records()),
        counted(plan.lanes.len() as u64, "lane", "lanes"),
    )
}

fn reads(page: &mut String, rehearsal: &Rehearsal, reads: &Reads, price: &Price) {
    let probed = match reads.probe {
        0 => String::new(),
        probe => format!(" and {} to measure the source", count(probe)),
    };
    entry(
        page,
        "reads",
        &format!(
            "{} for the run, if nothing breaks: {} for documents, {} for its plan; reads billed now: {} for this plan{probed}",
            count(reads.run()),
            count(reads.documents),
            count(reads.planning),
            count(reads.plan)
        ),
    );
    entry(
        page,
        "cost",
        &format!(
            "{} USD for the run, {} USD for what was read now; {}",
            cents(price.cost(reads.run())),
            cents(price.cost(reads.plan + reads.probe)),
            basis(price, rehearsal.plan.source.is_emulator())
        ),
    );
    if let Some(limit) = rehearsal.limit {
        let verdict = match over_budget(rehearsal) {
            false => "enough for it".to_owned(),
            true => format!(
                "not enough: the run would stop, to be gone on with, about {} reads before its end",
                count(reads.run().saturating_sub(limit))
            ),
        };
        let text = format!(
            "at most {} reads over all starts of the run ({} USD), {verdict}",
            count(limit),
            cents(price.cost(limit))
        );
        entry(page, "budget", &text);
    }
}

fn time(page: &mut String, forecast: &Forecast, records: Records) {
    let told = |expected: Expected| short_time(expected.seconds);
    let all = forecast.duration();
    let passes = forecast.passes.map_or_else(String::new, |passes| {
        format!("reading everything once more and comparing {}, ", told(passes))
    });
    entry(
        page,
        "time",
        &format!(
            "about {} ({} to {}): planning {}, load {}, {passes}keys, indexes and counts {}",
            told(all),
            short_time(all.least),
            short_time(all.most),
            told(forecast.planning),
            told(forecast.load),
            told(forecast.finish)
        ),
    );
    let bound = match forecast.bound {
        Bound::Source => "the source sets the pace",
        Bound::Packing => "this machine's processors set the pace",
        Bound::Target => "the target sets the pace",
        Bound::Quota => {
            "the limit on reads a second sets the pace (--reads-per-second, --quota-safety, --ramp)"
        }
    };
    let measured = |what: &str, rate: Option<f64>| {
        rate.map(|rate| format!("{what} {} {}/s", count(rate as u64), records.many()))
    };
    let rates: Vec<String> = [
        measured("the source gave", forecast.source_rate),
        measured("the target took", forecast.target_rate),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rates = match rates.is_empty() {
        true => String::new(),
        false => format!("; measured alone, {}", rates.join(" and ")),
    };
    entry(page, "", &format!("{bound}{rates}"));
    if forecast.passes.is_some() {
        let text = format!(
            "{} are read from the source for the load, and as much again for each pass that compares",
            bytes(forecast.wire)
        );
        entry(page, "", &text);
    }
    for what in &forecast.unmeasured {
        entry(page, "", &format!("not measured: {what}"));
    }
}

fn disk(page: &mut String, forecast: &Forecast) {
    if forecast.tables.is_empty() {
        return;
    }
    let heap: u64 = forecast.tables.iter().map(|table| table.heap).sum();
    let text = format!(
        "{} in the target: tables {}, keys and indexes {}; {} of write-ahead log pass through it besides. What is free \
         there cannot be asked for over SQL: make sure of it",
        bytes(forecast.disk),
        bytes(heap),
        bytes(forecast.disk - heap),
        bytes(forecast.log)
    );
    entry(page, "disk", &text);
    if let Some(room) = &forecast.room
        && room.largest_graph > 0
    {
        let fits = match room.largest_graph > room.maintenance_work_mem {
            true => {
                "which is too little, and takes several times as long: raise it for the run, if the server can"
            }
            false => "which is enough",
        };
        let text = format!(
            "the largest HNSW index wants {} while it is built; maintenance_work_mem is {}, {fits}",
            bytes(room.largest_graph),
            bytes(room.maintenance_work_mem)
        );
        entry(page, "memory", &text);
    }
}
