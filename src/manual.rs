//! `etl manual`: the pages that `man` shows, from the same table as the help.

use crate::exit::Exit;
use crate::{args, complain, say};
use clap::ArgMatches;
use clap_mangen::Man;

pub(crate) fn verb(matches: &ArgMatches) -> anyhow::Result<Exit> {
    match page(matches.get_one::<String>("verb"))? {
        Some(page) => {
            say(&page);
            Ok(Exit::Complete)
        }
        None => {
            complain("there is no such verb; etl --help lists them");
            Ok(Exit::Configuration)
        }
    }
}

/// The page of a verb, or of the tool as a whole.
fn page(verb: Option<&String>) -> anyhow::Result<Option<String>> {
    let mut command = args::command();
    // Only then do the verbs know their full names, and what they share.
    command.build();
    let command = match verb {
        None => Some(command),
        Some(verb) => command.find_subcommand(verb).cloned(),
    };
    let Some(command) = command else {
        return Ok(None);
    };
    let mut text = Vec::new();
    let page = Man::new(command).source(format!("etl {}", args::VERSION));
    page.render(&mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_verb_has_a_page_of_its_own() {
        assert!(page(None).unwrap().unwrap().contains("\n.TH etl 1"));
        for verb in args::command().get_subcommands() {
            let verb = verb.get_name().to_owned();
            let page = page(Some(&verb)).unwrap().unwrap();
            assert!(page.contains(&format!("\n.TH etl-{verb} 1")), "{page}");
            assert!(page.contains(args::VERSION), "{page}");
        }
        assert_eq!(page(Some(&"nothing".to_owned())).unwrap(), None);
    }
}
