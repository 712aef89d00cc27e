//! The two plots, as SVG drawn by hand. Colours and type come from the page's style, so that they follow light and dark.

use super::super::report::Found;
use super::super::statistics::{Recall, sorted};
use super::super::text::{milliseconds, share};
use super::escaped;
use std::fmt::Write;

const WIDTH: f64 = 770.0;

/// More places than this are drawn several to a bar.
const BARS: usize = 20;

/// What was found, a column for each way: bars as wide as the share of questions that found so much.
pub(super) fn recall(source: &[Found], target: &[Found]) -> String {
    let columns: Vec<(&str, &Found, &Recall)> = both(source, target)
        .filter_map(|(_, class, found)| Some((class, found, found.recall.as_ref()?)))
        .collect();
    if columns.is_empty() {
        return String::new();
    }
    let (top, height, left) = (24.0, 240.0, 46.0);
    // The best part of the scale is where the questions are; what lies below the worst of them is left out.
    let worst = columns
        .iter()
        .map(|(_, _, recall)| recall.min)
        .fold(1.0, f64::min);
    let bars = columns
        .iter()
        .map(|(_, _, recall)| bars(recall).len())
        .max()
        .unwrap_or(1);
    let floor = (((worst - 0.05) * 10.0).floor() / 10.0).max(0.0);
    let y = |share: f64| top + (1.0 - share) / (1.0 - floor) * height;
    let mut svg = open(top + height + 44.0, "Recall by setting");
    for tenth in 0..=10 {
        let share = f64::from(tenth) / 10.0;
        if share >= floor - 1e-9 {
            grid(&mut svg, [left, WIDTH], y(share), &format!("{share:.1}"));
        }
    }
    let step = (WIDTH - left) / columns.len() as f64;
    let thick = (height / (1.0 - floor) / bars as f64 * 0.8).clamp(2.0, 16.0);
    for (number, (class, found, recall)) in columns.iter().enumerate() {
        let x = left + step * (number as f64 + 0.5);
        for (place, share) in bars_with_questions(recall) {
            let wide = (step * 0.8 * share).max(2.0);
            let (corner, above) = (x - wide / 2.0, y(place) - thick / 2.0);
            let _ = writeln!(
                svg,
                "<rect class=\"share {class}\" x=\"{corner:.1}\" y=\"{above:.1}\" width=\"{wide:.1}\" height=\"{thick:.1}\" \
                 rx=\"1.5\"/>"
            );
        }
        let (mean, below) = (y(recall.mean), top + height + 20.0);
        let _ = writeln!(
            svg,
            "<circle class=\"mean\" cx=\"{x:.1}\" cy=\"{mean:.1}\" r=\"4.5\"/>"
        );
        label(&mut svg, x, below, "name", "middle", &short(&found.way, step));
        label(
            &mut svg,
            x,
            below + 17.0,
            "",
            "middle",
            &format!("mean {}", share(recall.mean)),
        );
    }
    svg + "</svg>\n"
}

/// Places of the scale and the share of questions at each; several places to one where there are many.
fn bars(recall: &Recall) -> Vec<(f64, f64)> {
    let places = recall.found.len().saturating_sub(1).max(1);
    let together = places.div_ceil(BARS);
    let questions = recall.found.iter().sum::<usize>().max(1) as f64;
    // From the top, so that the bar of those that found everything holds no others.
    let mut bars = Vec::new();
    let mut place = places;
    let (all, rest) = recall
        .found
        .split_last()
        .map_or((0, &[][..]), |(all, rest)| (*all, rest));
    bars.push((1.0, all as f64 / questions));
    for few in rest.rchunks(together) {
        place -= few.len();
        let middle = place as f64 + (few.len() as f64 - 1.0) / 2.0;
        let count: usize = few.iter().sum();
        bars.push((middle / places as f64, count as f64 / questions));
    }
    bars
}

fn bars_with_questions(recall: &Recall) -> impl Iterator<Item = (f64, f64)> {
    bars(recall).into_iter().filter(|(_, share)| *share > 0.0)
}

/// What either side did, with the side's name and the class that colours it.
fn both<'a>(
    source: &'a [Found],
    target: &'a [Found],
) -> impl Iterator<Item = (&'static str, &'static str, &'a Found)> {
    let sides = [
        ("Qdrant", "of-source", source),
        ("PostgreSQL", "of-target", target),
    ];
    sides
        .into_iter()
        .flat_map(|(name, class, all)| all.iter().map(move |found| (name, class, found)))
}

/// The power of ten that so many milliseconds are; nothing is timed more finely than to a microsecond.
fn power(milliseconds: f64) -> f64 {
    milliseconds.max(0.001).log10()
}

/// Medians and 95th percentiles, a line for each way on either side, on a scale of powers of ten.
pub(super) fn latency(source: &[Found], target: &[Found], bar: f64) -> String {
    let lines: Vec<_> = both(source, target).collect();
    if lines.is_empty() {
        return String::new();
    }
    let (top, step, left, right) = (24.0, 26.0, 250.0, WIDTH - 70.0);
    let values = lines
        .iter()
        .flat_map(|(_, _, found)| [found.latency.p50, found.latency.p95]);
    let powers = sorted(values.chain([bar]).map(power));
    let (least, most) = (powers.first().copied(), powers.last().copied());
    let from = least.unwrap_or_default().floor();
    let to = most.unwrap_or_default().ceil().max(from + 1.0);
    let x = |value: f64| {
        let place = (power(value) - from) / (to - from);
        left + place.clamp(0.0, 1.0) * (right - left)
    };
    let bottom = top + step * lines.len() as f64;
    let mut svg = open(bottom + 26.0, "Latency in milliseconds");
    for exponent in from as i32..=to as i32 {
        let value = 10f64.powi(exponent);
        upright(&mut svg, "grid", x(value), [top - 6.0, bottom]);
        label(
            &mut svg,
            x(value),
            bottom + 18.0,
            "",
            "middle",
            &format!("{value} ms"),
        );
    }
    upright(&mut svg, "bar", x(bar), [top - 6.0, bottom]);
    label(
        &mut svg,
        x(bar),
        top - 11.0,
        "",
        "middle",
        &format!("bar {} ms", milliseconds(bar)),
    );
    for (number, (name, class, found)) in lines.iter().enumerate() {
        let y = top + step * (number as f64 + 0.5);
        let (p50, p95) = (x(found.latency.p50), x(found.latency.p95));
        label(
            &mut svg,
            0.0,
            y + 4.0,
            "name",
            "start",
            &format!("{name}, {}", short(&found.way, left - 90.0)),
        );
        let _ = writeln!(
            svg,
            "<line class=\"spread {class}\" x1=\"{p50:.1}\" y1=\"{y:.1}\" x2=\"{p95:.1}\" y2=\"{y:.1}\"/>\n\
             <circle class=\"{class}\" cx=\"{p50:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
        );
        let told = format!("{} ms", milliseconds(found.latency.p95));
        label(&mut svg, p95 + 8.0, y + 4.0, "", "start", &told);
    }
    svg + "</svg>\n"
}

fn open(height: f64, title: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n"
    )
}

fn grid(svg: &mut String, [from, to]: [f64; 2], y: f64, text: &str) {
    let _ = writeln!(
        svg,
        "<line class=\"grid\" x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{to:.1}\" y2=\"{y:.1}\"/>"
    );
    label(svg, from - 10.0, y + 4.0, "", "end", text);
}

fn upright(svg: &mut String, class: &str, x: f64, [from, to]: [f64; 2]) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{from:.1}\" x2=\"{x:.1}\" y2=\"{to:.1}\"/>"
    );
}

fn label(svg: &mut String, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escaped(text)
    );
}

/// A way in words that take no more than so much room.
fn short(way: &str, room: f64) -> String {
    let way = way.strip_prefix("hnsw.").unwrap_or(way);
    // A letter of the page's type is hardly ever wider than this.
    let letters = (room / 7.0) as usize;
    match way.char_indices().nth(letters) {
        Some(_) => {
            let kept: String = way.chars().take(letters.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        None => way.to_owned(),
    }
}
