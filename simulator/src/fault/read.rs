//! Rules, read from a file: which keys there are, and what they mean.

use super::forms::{
    COLLECTION, DURATION, DURATIONS, EDITION, MODE, NOT_NONE, PLACES, SHARE, SKEW, SWITCH, WHOLE, method,
};
use super::page::{Key, Page, Value};
use super::{Fault, Method, Plan, Problems, Strike};
use std::ops::Range;
use toml::de::DeTable;

/// What a rule can say.
pub(super) const KEYS: [&str; 10] = [
    "strike",
    "methods",
    "collection",
    "after_documents",
    "probability",
    "skip",
    "times",
    "retry_after",
    "for",
    "bytes_per_second",
];

impl Plan {
    /// Reads a plan; `name` is what its problems call it.
    pub fn parse(text: &str, name: &str) -> Result<Plan, Problems> {
        let (mut page, document) = Page::open(text, name);
        let plan = page.plan(document.get_ref());
        let problems = page.problems();
        match problems.is_empty() {
            true => Ok(plan),
            false => Err(Problems(problems)),
        }
    }
}

impl Page<'_> {
    fn plan(&mut self, document: &DeTable<'_>) -> Plan {
        const KNOWN: &str =
            "a plan has: seed, pitr, mode, edition, clock_skew, count_at_most, [quota], [[fault]]";
        let mut plan = Plan::default();
        for (key, value) in document {
            match key.get_ref().as_ref() {
                "seed" => self.set(&mut plan.seed, key, value, &WHOLE),
                "pitr" => self.set(&mut plan.pitr, key, value, &SWITCH),
                "mode" => self.set(&mut plan.datastore, key, value, &MODE),
                "edition" => self.set(&mut plan.enterprise, key, value, &EDITION),
                "clock_skew" => self.set(&mut plan.clock_skew, key, value, &SKEW),
                "count_at_most" => self.set_some(&mut plan.count_at_most, key, value, &WHOLE),
                "quota" => self.quota(value, &mut plan),
                "fault" => self.faults(value, &mut plan),
                _ => self.unknown(key, KNOWN),
            }
        }
        plan
    }

    fn quota(&mut self, value: &Value<'_>, plan: &mut Plan) {
        let Some(table) = value.get_ref().as_table() else {
            return self.refuse(
                value.span(),
                "`quota` is a table; begin it with [quota]".to_owned(),
            );
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "reads_per_second" => self.set_some(&mut plan.quota, key, value, &NOT_NONE),
                _ => self.unknown(key, "a quota has: reads_per_second"),
            }
        }
    }

    fn faults(&mut self, value: &Value<'_>, plan: &mut Plan) {
        let Some(rules) = value.get_ref().as_array() else {
            return self.refuse(
                value.span(),
                "`fault` is a list; begin each rule with [[fault]]".to_owned(),
            );
        };
        for rule in rules.iter() {
            match rule.get_ref().as_table() {
                Some(table) => plan.faults.extend(self.fault(rule.span(), table)),
                None => self.refuse(
                    rule.span(),
                    "this is no rule; begin each with [[fault]]".to_owned(),
                ),
            }
        }
    }

    fn fault(&mut self, place: Range<usize>, table: &DeTable<'_>) -> Option<Fault> {
        let strike = self.strike(place, table);
        // What else is wrong with a rule is told even if nobody knows what it does.
        let mut fault = Fault::new(strike.unwrap_or(Strike::Unavailable));
        for (key, value) in table {
            match strike {
                Some(strike) if !strike.takes(key.get_ref()) => {
                    let (word, knows) = (strike.word(), strike.keys().join(", "));
                    self.refuse(
                        key.span(),
                        format!("`{word}` knows no `{}`; it knows: {knows}", key.get_ref()),
                    );
                }
                _ => self.part(&mut fault, key, value),
            }
        }
        strike.map(|_| fault)
    }

    fn strike(&mut self, place: Range<usize>, table: &DeTable<'_>) -> Option<Strike> {
        let words = || Strike::ALL.map(Strike::word).join(", ");
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "strike") else {
            self.refuse(
                place,
                format!("the rule has no `strike`; write one of: {}", words()),
            );
            return None;
        };
        let strike = value.get_ref().as_str().and_then(Strike::named);
        if strike.is_none() {
            let what = format!(
                "there is no strike {}; write one of: {}",
                self.written(value),
                words()
            );
            self.refuse(value.span(), what);
        }
        strike
    }

    fn part(&mut self, fault: &mut Fault, key: &Key<'_>, value: &Value<'_>) {
        match key.get_ref().as_ref() {
            "strike" => {}
            "methods" => self.methods(fault, key, value),
            "collection" => self.set_some(&mut fault.collection, key, value, &COLLECTION),
            "after_documents" => self.set(&mut fault.after_documents, key, value, &PLACES),
            "probability" => self.set(&mut fault.probability, key, value, &SHARE),
            "skip" => self.set(&mut fault.skip, key, value, &WHOLE),
            "times" => self.set_some(&mut fault.times, key, value, &WHOLE),
            "retry_after" => self.set_some(&mut fault.retry_after, key, value, &DURATION),
            "for" => self.set_some(&mut fault.lasting, key, value, &DURATIONS),
            "bytes_per_second" => self.set_some(&mut fault.bytes_per_second, key, value, &NOT_NONE),
            _ => self.unknown(key, &format!("a rule has: {}", KEYS.join(", "))),
        }
    }

    fn methods(&mut self, fault: &mut Fault, key: &Key<'_>, value: &Value<'_>) {
        let Some(names) = value.get_ref().as_array().filter(|names| !names.is_empty()) else {
            return self.misfit(key, value, "a list of names, such as [\"RunQuery\"]");
        };
        let befalls = |method: &Method| fault.strike.befalls(*method);
        let known = Method::ALL.into_iter().filter(befalls).map(Method::name);
        let known = known.collect::<Vec<_>>().join(", ");
        let mut methods = Vec::new();
        for name in names.iter() {
            match method(name.get_ref()).filter(befalls) {
                Some(method) => methods.push(method),
                None => {
                    let (word, found) = (fault.strike.word(), self.written(name));
                    self.refuse(
                        name.span(),
                        format!("`{word}` befalls no {found}; it can befall: {known}"),
                    );
                }
            }
        }
        fault.methods = Some(methods);
    }
}
