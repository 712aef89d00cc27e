//! A settings file: settings that can be relied on, or problems that each name a line of it and give no secret away. What
//! is printed of the tables, as `etl init` prints them, laid over the file changes nothing; and so they are kept in plans.

use std::path::Path;

use config::mapping::{Mapping, write};
use config::{Config, Invalid, Needs, Origin, Written};

use super::tables;
use crate::mappings::neighbours;

/// What a run needs beside a file.
const NEEDED: [(&str, &str); 6] = [
    ("GOOGLE_CLOUD_PROJECT", "p"),
    ("QDRANT_URL", "https://q.example.com:6334"),
    ("DATABASE_URL", "postgres://u:hunter2@db.example.com/app"),
    ("ETL_CHECKPOINT_DIR", "/tmp/c"),
    ("ETL_EMBED_URL", "https://e.example.com"),
    ("ETL_EMBED_MODEL", "m"),
];

/// See the module.
pub fn law(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let config = match read(&[text]) {
        Ok(config) => config,
        Err(Invalid(problems)) => {
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in &problems {
                if let Origin::File { line, .. } = &problem.origin {
                    let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
                    assert!((1..=lines).contains(line), "{problem}");
                }
                let said = problem.to_string();
                assert!(
                    !said.contains(char::is_control) && !said.contains("hunter2"),
                    "{said:?}"
                );
            }
            return;
        }
    };
    let printed = write(&config.mapping, &|_| Vec::new());
    let again = read(&[text, &printed]).unwrap_or_else(|invalid| panic!("{invalid} in\n{printed}"));
    assert_eq!(again.mapping, config.mapping, "{printed}");
    let kept = serde_json::to_string(&config.mapping).unwrap();
    let again: Mapping = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{error}: {kept}"));
    assert_eq!(again, config.mapping, "{kept}");
}

/// Settings out of these files, the later over the earlier ones.
fn read(texts: &[&str]) -> Result<Config, Invalid> {
    let mut written = Written::new();
    for text in texts {
        written.toml(Path::new("etl.toml"), text);
    }
    written.environment(|name| {
        let known = NEEDED.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| (*value).to_owned())
    });
    written.relied_on(Needs::RUN)
}

/// The sample with each of its sections, everything that the language of tables can say, and tables as they are printed.
pub fn seeds() -> Vec<Vec<u8>> {
    let everything = include_str!("../../../config/tests/laws/mapping/everything.toml");
    let mut seeds: Vec<String> = everything.split("\n\n").map(str::to_owned).collect();
    seeds.push(everything.to_owned());
    let sample = config::sample();
    // Its lines that could be settings, each section by itself.
    for section in sample.split("\n[").skip(1) {
        let settings = section.lines().filter_map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") && !setting.starts_with('(') => Some(setting),
            Some(_) => None,
            None => Some(line),
        });
        let text = settings
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n");
        seeds.push(format!("[{text}\n"));
    }
    for number in 0..24 {
        let tables = tables(number).into_iter().chain(neighbours()).collect();
        let mapping = Mapping {
            tables,
            ..Mapping::default()
        };
        seeds.push(write(&mapping, &|_| Vec::new()));
    }
    let by_hand = [
        "[tables.t]\nfrom = \"t\"\n[tables.t.columns]\na = { type = \"real\", default = inf }\n",
        "[source]\nkind = \"qdrant\"\n[tables.c]\nfrom = \"c\"\nof = \"points\"\nload = \"merge\"\nkey = [\"id\"]\n\
         [tables.c.columns]\nid = { from = \"$id\", type = \"bigint\" }\nv = { from = \"vector\", type = \"vector(3)\", zero = \"null\" }\n",
        "[tables.t]\nfrom = \"t\"\npartition = { by = \"a\", values = [\"x\", \"y\"] }\nkey = [\"id\", \"a\"]\n\
         [tables.t.columns]\nid = { from = \"$id\", type = \"text\" }\na = { type = \"text\", required = true }\n",
    ];
    seeds.extend(by_hand.map(str::to_owned));
    seeds.into_iter().map(String::into_bytes).collect()
}
