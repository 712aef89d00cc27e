//! What supervisors of processes ask.

use super::{free_address, http, page};
use crate::support::shop::Shop;
use crate::support::{Looking, test};
use rehearsal::process::{Running, Stream};
use std::net::SocketAddr;

/// What `path` answers, once anybody does.
async fn asked(etl: &mut Running, address: SocketAddr, path: &str) -> (u16, String) {
    loop {
        let ended = etl.has_ended().unwrap();
        if let Ok(answer) = http().get(format!("http://{address}{path}")).send().await {
            return (answer.status().as_u16(), answer.text().await.unwrap());
        }
        assert!(!ended, "{}", etl.said(Stream::Stderr));
        Looking::again().await;
    }
}

#[test]
fn whoever_supervises_processes_is_told_whether_it_has_started_is_ready_and_lives() {
    test(async {
        let shop = Shop::open(600).await;
        let world = shop.target().await;
        let upstream = rehearsal::proxy::Upstream::postgres(&world.url).unwrap();
        let proxy = rehearsal::proxy::Proxy::start(upstream, Vec::new())
            .await
            .unwrap();
        proxy.hold();
        let address = free_address();
        let listen = address.to_string();
        let run = world.run(&[
            "--metrics-listen",
            &listen,
            "--reads-per-second",
            "200",
            "--sample",
            "10",
        ]);
        let run = run.env("DATABASE_URL", proxy.url(&world.url).unwrap());
        let mut etl = run.start().unwrap();
        // PostgreSQL says nothing yet: it lives, and that is all.
        assert_eq!(asked(&mut etl, address, "/livez").await, (200, "ok\n".to_owned()));
        for path in ["/startupz", "/readyz"] {
            assert_eq!(
                asked(&mut etl, address, path).await,
                (503, "connecting\n".to_owned()),
                "{path}"
            );
        }
        proxy.pass_through();
        page(&mut etl, address, "# TYPE etl_lanes_done").await;
        for path in ["/startupz", "/readyz", "/livez"] {
            assert_eq!(
                asked(&mut etl, address, path).await,
                (200, "ok\n".to_owned()),
                "{path}"
            );
        }
        let outcome = etl.wait().await.unwrap();
        assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
    });
}
