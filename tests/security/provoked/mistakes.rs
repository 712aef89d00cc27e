//! Mistakes in settings: in the environment, in the file, on the command line.

use super::{SETTINGS, Way, go, way, world};
use crate::security::planted::{EMBED_KEY, PASSWORD, QDRANT_KEY, percent_encoded};
use crate::support::test;

#[test]
fn no_mistake_in_the_settings_tells_a_secret() {
    test(async {
        let (_simulator, world) = world().await;
        let coded = percent_encoded(PASSWORD);
        let urls = [
            format!("postgres://u:{PASSWORD}@h/d"),
            format!("postgres://u:{coded}%ZZ@h/d"),
            format!("postgres://u:{coded}@h:port/d"),
            format!("postgres://u:{coded}@h:99999/d"),
            format!("postgres://u:{coded}@[::1/d"),
            format!("postgres://u:{coded}@/d"),
            format!("postgres://u:{coded}@h"),
            format!("postgres://{coded}@h/d"),
            format!("mysql://u:{coded}@h/d"),
            format!("u:{coded}@h/d"),
            format!("postgres:/u:{coded}@h/d"),
            format!("postgres://u@h/d?password={coded}&password={coded}"),
            format!("postgres://u@h/d?pasword={coded}"),
            format!("postgres://u@h/d?sslmode={coded}"),
            format!("postgres://u@h/d?connect_timeout={coded}"),
            format!("postgres://u@h/d?sslrootcert=/nowhere&password={coded}"),
            format!("postgres://u@h/d?{coded}"),
            format!("postgres://u@h/d?{coded}={coded}"),
            format!("postgres://u@h/d?sslpassword={coded}"),
            format!("postgres://u@h/d?sslkey={coded}&sslcert={coded}"),
            format!("host=h user=u dbname=d password='{PASSWORD}"),
            format!("host=h user=u dbname=d password={coded} {coded}"),
            format!("host=h user=u pasword={coded}"),
        ];
        let mut ways: Vec<Way> = urls
            .into_iter()
            .enumerate()
            .map(|(number, url)| way(format!("URL {number}"), &["run"], [("DATABASE_URL", url)]))
            .collect();
        for (name, key) in [
            ("QDRANT_URL", QDRANT_KEY),
            ("QDRANT_REST_URL", QDRANT_KEY),
            ("ETL_EMBED_URL", EMBED_KEY),
        ] {
            let coded = percent_encoded(key);
            for url in [
                format!("https://u:{coded}@h"),
                format!("https://h/?api-key={coded}"),
                format!("https://h/#{coded}"),
                format!("https://{coded}"),
                format!("{coded}@h:80"),
                format!("u:{coded}@h:80"),
            ] {
                ways.push(way(
                    format!("{name}={url}"),
                    &["run", "run --source qdrant --per-shard"],
                    [(name, url)],
                ));
            }
        }
        for (name, key) in [
            ("QDRANT_API_KEY", QDRANT_KEY),
            ("ETL_EMBED_API_KEY", EMBED_KEY),
            ("OPENAI_API_KEY", EMBED_KEY),
        ] {
            for value in [
                format!("{key} and more"),
                format!("{key}\nmore"),
                format!("{key}ü"),
            ] {
                ways.push(way(name, &["run", "run --source qdrant"], [(name, value)]));
            }
        }
        go(&world, &ways, &[]).await;

        // In the file, where none of them belongs.
        let lines = [
            format!("target.url = \"postgres://u:{coded}@h/d\""),
            format!("target.url = \"postgres://u:{coded}@h/d"),
            format!("target.password = {PASSWORD:?}"),
            format!("target.url = [{coded:?}]"),
            format!("source.api_key = {QDRANT_KEY:?}"),
            format!("source.api_key = {QDRANT_KEY}"),
            format!("embed.api_key = {EMBED_KEY:?}"),
            format!("embed.api_key = '{EMBED_KEY}"),
            format!("embed.url = \"https://u:{}@h\"", percent_encoded(EMBED_KEY)),
            format!(
                "source.url = \"https://h/?api-key={}\"",
                percent_encoded(QDRANT_KEY)
            ),
        ];
        for line in lines {
            std::fs::write(world.folder().join("etl.toml"), format!("{line}\n{SETTINGS}")).unwrap();
            go(
                &world,
                &[way("in the file", &["run", "run --source qdrant"], [])],
                &["etl.toml"],
            )
            .await;
        }
        // On the command line, where they are refused; whatever else knows them then, the log does not.
        std::fs::write(world.folder().join("etl.toml"), SETTINGS).unwrap();
        let arguments = [
            format!("run --database-url postgres://u:{coded}@h/d"),
            format!("run postgres://u:{coded}@h/d"),
            format!("postgres://u:{coded}@h/d"),
            format!("run --database-ulr=postgres://u:{coded}@h/d"),
            format!("run --qdrant-api-key={}", percent_encoded(QDRANT_KEY)),
            format!("run --embed-api-key {}", percent_encoded(EMBED_KEY)),
            format!("run --embed-url https://u:{}@h", percent_encoded(EMBED_KEY)),
            format!("run --qdrant-url https://{}@h", percent_encoded(QDRANT_KEY)),
            format!("check --database-url postgres://u:{coded}@h/d"),
        ];
        for argument in &arguments {
            go(&world, &[way("an argument", &[argument.as_str()], [])], &[]).await;
        }
    });
}
