//! Rules, written to a file: the shortest text that reads back as the same plan.

use super::time::{write_duration, write_skew};
use super::{Fault, Method, Plan};
use std::ops::RangeInclusive;
use std::time::Duration;

impl Plan {
    /// The plan as a file has it. What a rule's strike knows nothing of is left out.
    pub fn to_toml(&self) -> String {
        let mut lines = vec![format!("seed = {}", self.seed)];
        if self.pitr {
            lines.push("pitr = true".to_owned());
        }
        if self.datastore {
            lines.push("mode = \"datastore\"".to_owned());
        }
        if self.enterprise {
            lines.push("edition = \"enterprise\"".to_owned());
        }
        if !self.clock_skew.is_zero() {
            lines.push(format!("clock_skew = {}", quoted(&write_skew(self.clock_skew))));
        }
        if let Some(documents) = self.count_at_most {
            lines.push(format!("count_at_most = {documents}"));
        }
        if let Some(reads) = self.quota {
            lines.extend([
                String::new(),
                "[quota]".to_owned(),
                format!("reads_per_second = {reads}"),
            ]);
        }
        for fault in &self.faults {
            lines.extend([String::new(), "[[fault]]".to_owned()]);
            lines.extend(fault.lines());
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Fault {
    fn lines(&self) -> impl Iterator<Item = String> {
        let duration = |time: &Duration| quoted(&write_duration(*time));
        let places = spread(&self.after_documents, u64::to_string);
        let keys = [
            ("strike", Some(quoted(self.strike.word()))),
            ("methods", self.methods.as_deref().map(listed)),
            ("collection", self.collection.as_deref().map(quoted)),
            (
                "after_documents",
                (self.after_documents != (0..=0)).then_some(places),
            ),
            (
                "probability",
                (self.probability != 1.0).then(|| format!("{:?}", self.probability)),
            ),
            ("skip", (self.skip != 0).then(|| self.skip.to_string())),
            ("times", self.times.map(|times| times.to_string())),
            ("retry_after", self.retry_after.as_ref().map(duration)),
            ("for", self.lasting.as_ref().map(|time| spread(time, duration))),
            (
                "bytes_per_second",
                self.bytes_per_second.map(|bytes| bytes.to_string()),
            ),
        ];
        let said = keys.into_iter().filter(|(key, _)| self.strike.takes(key));
        said.filter_map(|(key, value)| Some(format!("{key} = {}", value?)))
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn listed(methods: &[Method]) -> String {
    let names = methods.iter().map(|method| quoted(method.name()));
    format!("[{}]", names.collect::<Vec<_>>().join(", "))
}

fn spread<T: PartialEq>(ends: &RangeInclusive<T>, write: impl Fn(&T) -> String) -> String {
    match ends.start() == ends.end() {
        true => write(ends.start()),
        false => format!("[{}, {}]", write(ends.start()), write(ends.end())),
    }
}
