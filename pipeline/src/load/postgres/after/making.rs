//! The steps of one table, one after the other: tried again where that may help, told where it does not.

use super::build::Builder;
use super::definition::Definition;
use super::foreign::Foreign;
use super::keys::Keyed;
use super::names::other;
use super::outcome::{Orphans, Outcome, Warning};
use super::session::Limits;
use super::steps::{Step, What};
use crate::fault::Fault;
use crate::retry::Retry;

impl Builder<'_> {
    /// Makes what is not there of `steps`, all of one table.
    pub(super) async fn chain(&self, steps: &[Step]) -> Result<Outcome, Fault> {
        let mut outcome = Outcome::default();
        for step in steps {
            let mut retry = Retry::new(self.after.postgres.policy);
            let one = loop {
                match self.step(step).await {
                    Ok(one) => break one,
                    Err(fault) => retry.again(fault).await?,
                }
            };
            outcome.made += one.made;
            outcome.orphans.extend(one.orphans);
            outcome.warnings.extend(one.warnings);
            self.board.done(&step.table);
        }
        Ok(outcome)
    }

    async fn step(&self, step: &Step) -> Result<Outcome, Fault> {
        let what = format!("looking for the {}", step.sentence);
        self.board.turn_to(&step.table, what, None);
        let made = match &step.what {
            What::Key(columns) => {
                let Keyed { now, warning } = Box::pin(self.key(step, columns)).await?;
                return Ok(Outcome {
                    made: u64::from(now),
                    orphans: Vec::new(),
                    warnings: warning.into_iter().collect(),
                });
            }
            What::Index(definition) => self.index(step, definition).await.map(|made| Outcome {
                made: u64::from(made.now),
                ..Outcome::default()
            }),
            What::Foreign(foreign) => self.foreign(step, foreign).await,
        };
        match made {
            Err(fault) if is_about_the_step(&fault) => Ok(Outcome {
                warnings: vec![self.without(step, fault).await?],
                ..Outcome::default()
            }),
            made => made,
        }
    }

    /// Declares the foreign key, and proves it if every row refers to something.
    async fn foreign(&self, step: &Step, foreign: &Foreign) -> Result<Outcome, Fault> {
        let action = format!("make the {}", step.sentence);
        let limits = Limits::quick(self.patience());
        let (table, mut now) = (&step.qualified, false);
        let name = match self.session.declared(step, foreign).await? {
            Some(there) if there.validated => return Ok(Outcome::default()),
            Some(there) => there.name,
            None => {
                let name = match self.session.constraint(step, &step.name).await? {
                    true => other(&step.name, &step.sentence),
                    false => step.name.clone(),
                };
                self.board
                    .turn_to(&step.table, format!("adding the {}", step.sentence), None);
                self.session
                    .run(&action, limits, &foreign.add(table, &name))
                    .await?;
                now = true;
                name
            }
        };
        let what = format!("looking for rows of {} that refer to nothing", step.table);
        self.board.turn_to(&step.table, what, None);
        let rows = self.session.ask(&action, &foreign.count(table)).await?;
        let (count, examples): (i64, Vec<String>) = rows
            .first()
            .map_or((0, Vec::new()), |row| (row.get(0), row.get(1)));
        let mut outcome = Outcome {
            made: u64::from(now),
            ..Outcome::default()
        };
        if count > 0 {
            outcome.orphans.push(Orphans {
                table: step.table.clone(),
                constraint: name.clone(),
                references: foreign.table.clone(),
                count: count.max(0) as u64,
                examples,
                query: foreign.orphans(table),
                validate: foreign.validate(table, &name),
            });
            return Ok(outcome);
        }
        self.board
            .turn_to(&step.table, format!("proving the {}", step.sentence), None);
        self.session
            .run(&action, limits, &foreign.validate(table, &name))
            .await?;
        outcome.made = 1;
        Ok(outcome)
    }

    /// What is told of a secondary index or foreign key that cannot be.
    async fn without(&self, step: &Step, fault: Fault) -> Result<Warning, Fault> {
        let mut reason = fault.message;
        let next = match (fault.cause.as_str(), &step.what) {
            ("23505", What::Index(definition)) => {
                let columns: Vec<String> = definition.columns().into_iter().map(str::to_owned).collect();
                let filter = definition.filter.as_deref();
                let named = self.duplicates(step, &columns, filter).await?;
                reason = format!("{reason}: {named}");
                let many = self.after.records().many();
                format!("the {many} are the source's truth: mend them or do without `unique`")
            }
            ("54000", What::Index(definition)) => too_long(definition),
            ("42830", _) => {
                "what it refers to has no unique index: see the warning about that table".to_owned()
            }
            _ => {
                "mend what the server names, then run the statement; or take it out of the mapping".to_owned()
            }
        };
        Ok(Warning {
            table: step.table.clone(),
            step: step.sentence.clone(),
            reason,
            sql: step.sql(),
            next,
        })
    }
}

fn too_long(definition: &Definition) -> String {
    let columns = definition.columns().join(", ");
    format!(
        "a text is longer than an index entry may be: `using = \"hash\"` on one column finds equal texts of any length, \
         and a generated column such as `left({columns}, 200)` can be indexed and ordered by"
    )
}

/// Whether trying everything else makes sense: the statement was refused for what it says or for the data it met. A
/// lost connection, a full disk, a missing right or a cancelled statement would be the next step's trouble as well.
fn is_about_the_step(fault: &Fault) -> bool {
    let code = fault.cause.as_str();
    let classes = ["0A", "21", "22", "23", "2B", "2F", "42", "54", "55", "P0", "XX"];
    !fault.is_transient()
        && code != "42501"
        && classes.iter().any(|class| code.starts_with(class))
        && code.len() == 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Part;

    #[test]
    fn what_is_refused_for_what_it_says_is_not_the_next_ones_trouble() {
        let of =
            |cause: &str| is_about_the_step(&Fault::permanent(Part::Target, "try", "no").with_cause(cause));
        for cause in ["23505", "54000", "42830", "42P07", "0A000", "XX000"] {
            assert!(of(cause), "{cause}");
        }
        for cause in ["42501", "53100", "28P01", "57014", "refused", "42", "XX"] {
            assert!(!of(cause), "{cause}");
        }
        let away = Fault::transient(Part::Target, "try", "no").with_cause("55P03");
        assert!(!is_about_the_step(&away));
    }

    #[test]
    fn whose_texts_are_too_long_is_told_by_its_columns() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let told = too_long(&Definition::plain("btree", &columns));
        assert!(told.contains("left(a, b, 200)"), "{told}");
    }
}
