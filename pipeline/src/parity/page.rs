//! The report as one page that needs nothing else: no script, no font, no address.
//!
//! The verdict is on top, then what an index finds and how long it takes, as plots and as the figures behind them, then
//! what to write instead of Qdrant's thresholds. Everything that comes from outside is escaped.

mod plot;

use super::report::{Found, Report};
use super::text::{Shown, grouped, milliseconds, share};
use std::fmt::Write;

const STYLE: &str = include_str!("page/style.css");

impl Report {
    /// The page, as HTML.
    pub fn page(&self) -> String {
        let subject = &self.subject;
        let title = format!("Search parity: {}", subject.collection);
        let sections = [
            self.verdict_section(),
            section(
                "What the index finds",
                &format!(
                    "Share of the exact {} nearest that an answer holds, question by question. The wider a bar, the more \
                     questions found that many; the ring is the mean. Blue is PostgreSQL, orange is Qdrant.",
                    subject.k
                ),
                &(plot::recall(&self.source, &self.target) + &self.found_table()),
            ),
            section(
                "How long it takes",
                &format!(
                    "From asking to the last row, one question after the other; the dot is the median, the end of the line \
                     the 95th percentile.{}",
                    self.bar_words()
                ),
                &(plot::latency(&self.source, &self.target, subject.bar_ms) + &self.latency_table()),
            ),
            self.threshold_section(),
            self.notes_section(),
        ];
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{}</h1>\n\
             <p class=\"subject\">{}</p>\n</header>\n{}</main>\n</body>\n</html>\n",
            escaped(&title),
            escaped(&title),
            self.subject_line(),
            sections.concat(),
        )
    }

    fn subject_line(&self) -> String {
        let subject = &self.subject;
        format!(
            "<code>{}</code> in Qdrant, <code>{}</code> of <code>{}</code> in PostgreSQL · {} points of {} components · {} · \
             {} questions ({}), {} nearest · {}",
            escaped(&subject.collection),
            escaped(&subject.column),
            escaped(&subject.table),
            grouped(subject.points),
            grouped(subject.dimension as u64),
            subject.metric.name(),
            self.asked,
            escaped(&subject.questions),
            subject.k,
            escaped(&subject.at),
        )
    }

    fn verdict_section(&self) -> String {
        let exact = &self.exact;
        let class = if self.is_same() { "same" } else { "different" };
        let mut body = format!("<p class=\"verdict\">{}</p>\n", escaped(&self.verdict()));
        let allowed = match (exact.tolerance.absolute, exact.tolerance.relative) {
            (absolute, 0.0) => format!("{absolute:.1e}"),
            (_, relative) => format!("{relative:.1e} of the score"),
        };
        let _ = writeln!(
            body,
            "<p>Scores of the same point are apart by {:.1e} at most; adding {} numbers in 32 bits explains up to {allowed}.</p>",
            exact.apart,
            grouped(self.subject.dimension as u64),
        );
        if !exact.differences.is_empty() {
            body.push_str("<ul>\n");
            for (number, differences) in &exact.differences {
                for difference in differences {
                    let told = escaped(&difference.to_string());
                    let _ = writeln!(body, "<li>Question {}: {told}</li>", number + 1);
                }
            }
            body.push_str("</ul>\n");
        }
        format!("<section class=\"{class}\">\n{body}</section>\n")
    }

    fn bar_words(&self) -> String {
        let bar = milliseconds(self.subject.bar_ms);
        match self.keeps_the_bar() {
            Some(true) => format!(" PostgreSQL's index keeps below the bar of {bar} ms with every setting."),
            Some(false) => {
                format!(" PostgreSQL's index does not keep below the bar of {bar} ms with every setting.")
            }
            None => format!(" PostgreSQL has no index here; the bar is {bar} ms."),
        }
    }

    fn found_table(&self) -> String {
        let row = |database: &str, found: &Found| {
            let recall = found.recall.as_ref()?;
            let cells = [recall.mean, recall.median, recall.p5, recall.min].map(share);
            Some(line(database, &found.way, &cells))
        };
        let rows = self.each(row);
        table(&["mean", "median", "p5", "worst"], &rows)
    }

    fn latency_table(&self) -> String {
        let row = |database: &str, found: &Found| {
            let Shown { p50, p95 } = Shown::of(found);
            Some(line(
                database,
                &found.way,
                &[p50, p95, milliseconds(found.latency.max)],
            ))
        };
        table(&["p50 ms", "p95 ms", "slowest ms"], &self.each(row))
    }

    fn each(&self, row: impl Fn(&str, &Found) -> Option<String>) -> String {
        let sides = [("Qdrant", &self.source), ("PostgreSQL", &self.target)];
        let rows = sides
            .into_iter()
            .flat_map(|(database, all)| all.iter().map(move |found| (database, found)));
        rows.filter_map(|(database, found)| row(database, found))
            .collect()
    }

    fn threshold_section(&self) -> String {
        let metric = self.subject.metric;
        let distance = format!("{} {} $1", self.subject.column, metric.operator());
        let thresholds = match metric.larger_is_nearer() {
            true => [0.9, 0.8, 0.7, 0.5],
            false => [0.25, 0.5, 1.0, 2.0],
        };
        let rows: String = thresholds
            .into_iter()
            .map(|threshold| {
                // Two digits undo what binary makes of 1 - 0.9.
                let limit = format!("{:.2}", metric.distance(threshold));
                format!(
                    "<tr><td><code>\"score_threshold\": {threshold}</code></td><td><code>where {} &lt; {limit}</code></td></tr>\n",
                    escaped(&distance)
                )
            })
            .collect();
        let query = format!(
            "select …, {} as score\nfrom {}\nwhere {distance} < $2\norder by {distance}\nlimit {}",
            metric.formula(&distance),
            self.subject.table,
            self.subject.k,
        );
        let body = format!(
            "<table class=\"pairs\">\n<thead><tr><th>Qdrant</th><th>PostgreSQL</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n<pre>{}</pre>\n",
            escaped(&query)
        );
        let words = format!(
            "Qdrant's {} score is {} here. Order by the operator itself: an index serves no other expression.",
            metric.name(),
            metric.formula("distance"),
        );
        section("What becomes of a score threshold", &words, &body)
    }

    fn notes_section(&self) -> String {
        let notes: String = self
            .subject
            .notes
            .iter()
            .map(|note| format!("<p>{}</p>\n", escaped(note)))
            .collect();
        match notes.as_str() {
            "" => notes,
            notes => format!("<section>\n<h2>What else to know</h2>\n{notes}</section>\n"),
        }
    }
}

fn section(title: &str, words: &str, body: &str) -> String {
    format!(
        "<section>\n<h2>{}</h2>\n<p>{}</p>\n{body}</section>\n",
        escaped(title),
        escaped(words)
    )
}

fn table(heads: &[&str], rows: &str) -> String {
    let heads: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    format!("<table>\n<thead><tr><th></th><th></th>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

fn line(database: &str, way: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!(
        "<tr><th>{database}</th><td class=\"way\">{}</td>{cells}</tr>\n",
        escaped(way)
    )
}

/// Text that is shown as it is, and nothing else; what would turn a line around is written out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in config::spelled(text, |letter| letter == '\n').chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
