//! Which steps a campaign struck: so that it can be seen what it did not come to.

use rehearsal::seam::{Of, Seam, Strike};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// Strikes so far, by what was struck.
#[derive(Debug, Default)]
pub(super) struct Strikes(Mutex<BTreeMap<Struck, u64>>);

/// A kind of step, and how it was struck.
type Struck = (Of, &'static str, Strike);

/// What steps say, in words that stand in them, and what they are. The first that fits counts.
const STEPS: [(&str, &str); 27] = [
    ("send Q....begin", "begin"),
    ("send Q....commit", "COMMIT sent"),
    ("receive C....COMMIT", "COMMIT answered"),
    ("COPY ", "COPY begun"),
    ("send d....PGCOPY", "rows sent"),
    ("send d......c", "rows ended"),
    ("receive C....COPY", "rows answered"),
    ("update etl.lane set state", "lane's position"),
    ("update etl.lane set fence", "lanes taken over"),
    ("insert into etl.run", "plan registered"),
    ("insert into etl.lane", "lanes registered"),
    ("etl ledger", "ledger made"),
    ("CREATE TABLE", "tables made"),
    ("alter table", "keys made"),
    ("CREATE INDEX", "indexes made"),
    ("....plan.", "plan written"),
    ("...lane/", "lane's checkpoint"),
    ("...ending", "ending noted"),
    ("write", "other writing"),
    ("sync", "sync"),
    ("create", "file made"),
    ("rename", "rename"),
    ("mkdir", "folder made"),
    ("connect", "connect"),
    ("receive", "other answers"),
    ("send", "other questions"),
    ("", "other"),
];

impl Strikes {
    pub(super) fn note(&self, of: Of, strike: Strike, seam: &Seam) {
        let said = seam.struck().unwrap_or_default();
        let fits = |(words, _): &&(&str, &'static str)| said.contains(words);
        let what = STEPS.iter().find(fits).map_or("other", |(_, what)| what);
        let mut strikes = self.0.lock().unwrap();
        *strikes.entry((of, what, strike)).or_default() += 1;
    }
}

impl fmt::Display for Strikes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strikes = self.0.lock().unwrap();
        let all: Vec<_> = strikes.iter().collect();
        for of_one in all.chunk_by(|(one, _), (other, _)| (one.0, one.1) == (other.0, other.1)) {
            let each: Vec<String> = of_one
                .iter()
                .map(|((.., strike), times)| format!("{strike:?} {times}"))
                .collect();
            let (of, what, _) = of_one[0].0;
            writeln!(out, "  {of:?}, {what}: {}", each.join(", "))?;
        }
        Ok(())
    }
}
