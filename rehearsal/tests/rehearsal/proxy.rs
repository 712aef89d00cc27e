//! The proxy in front of a real server: the client is in doubt, the server is not.

use futures::SinkExt;
use rehearsal::postgres::{Server, connect};
use rehearsal::proxy::{Direction, Proxy, Rule, Upstream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server, a database with an empty table, and a proxy in front of it.
struct Stage {
    server: Server,
    direct: String,
    proxy: Proxy,
    through: String,
}

impl Stage {
    async fn set(rules: Vec<Rule>) -> Stage {
        let server = Server::start().await.unwrap();
        let direct = server.database("proxied").await.unwrap();
        connect(&direct)
            .await
            .unwrap()
            .batch_execute("create table rows(n int primary key)")
            .await
            .unwrap();
        let proxy = Proxy::start(Upstream::postgres(server.url()).unwrap(), rules)
            .await
            .unwrap();
        let through = proxy.url(&direct).unwrap();
        Stage {
            server,
            direct,
            proxy,
            through,
        }
    }

    async fn rows(&self) -> i64 {
        let client = connect(&self.direct).await.unwrap();
        client
            .query_one("select count(*) from rows", &[])
            .await
            .unwrap()
            .get(0)
    }

    /// Inserts one row in a transaction; `Ok` only if COMMIT was answered.
    async fn insert(&self, n: i32) -> Result<(), tokio_postgres::Error> {
        let mut client = connect(&self.through).await.unwrap();
        let transaction = client.transaction().await?;
        transaction.execute("insert into rows values ($1)", &[&n]).await?;
        transaction.commit().await
    }

    /// Copies two rows in a transaction through the extended protocol.
    async fn copy(&self) -> Result<(), tokio_postgres::Error> {
        let mut client = connect(&self.through).await.unwrap();
        let transaction = client.transaction().await?;
        let sink = transaction.copy_in("copy rows from stdin").await?;
        let mut sink = std::pin::pin!(sink);
        sink.send(&b"10\n11\n"[..]).await?;
        assert_eq!(sink.finish().await?, 2);
        transaction.commit().await
    }
}

#[tokio::test]
async fn a_lost_answer_to_commit_leaves_the_transaction_committed() {
    let stage = Stage::set(vec![Rule::lose_answer("COMMIT")]).await;
    let error = stage.insert(1).await.unwrap_err();
    assert!(error.is_closed() || error.code().is_none(), "{error}");
    assert_eq!(stage.rows().await, 1);
    assert_eq!((stage.proxy.connections(), stage.proxy.cuts()), (1, 1));
    stage.insert(2).await.unwrap();
    assert_eq!((stage.rows().await, stage.proxy.cuts()), (2, 1));
}

#[tokio::test]
async fn a_cut_before_commit_leaves_the_transaction_aborted() {
    let stage = Stage::set(vec![Rule::cut_before("commit")]).await;
    assert!(stage.insert(1).await.is_err());
    assert_eq!((stage.rows().await, stage.proxy.cuts()), (0, 1));
}

#[tokio::test]
async fn the_same_holds_for_copy_whose_sync_is_not_answered() {
    let stage = Stage::set(vec![Rule::lose_answer("COMMIT")]).await;
    assert!(stage.copy().await.is_err());
    assert_eq!(stage.rows().await, 2);
    stage.proxy.set_rules(vec![Rule::lose_answer("copy rows")]);
    assert!(stage.copy().await.is_err());
    assert_eq!((stage.rows().await, stage.proxy.cuts()), (2, 2));
}

#[tokio::test]
async fn the_nth_statement_is_counted_over_all_connections() {
    let rule = Rule::LoseAnswer {
        sql: "COMMIT".into(),
        nth: 3,
    };
    let stage = Stage::set(vec![rule]).await;
    stage.insert(1).await.unwrap();
    stage.insert(2).await.unwrap();
    assert!(stage.insert(3).await.is_err());
    stage.insert(4).await.unwrap();
    assert_eq!(stage.rows().await, 4);
}

#[tokio::test]
async fn a_parsed_statement_loses_its_answer_too_and_those_before_it_arrive() {
    let stage = Stage::set(vec![Rule::lose_answer("values (7)")]).await;
    let client = connect(&stage.through).await.unwrap();
    let (first, second) = tokio::join!(client.batch_execute("insert into rows values (6)"), async {
        client.batch_execute("insert into rows values (7)").await
    });
    first.unwrap();
    assert!(second.is_err());
    assert_eq!(stage.rows().await, 2);
    stage.proxy.set_rules(vec![Rule::lose_answer("values (8)")]);
    let client = connect(&stage.through).await.unwrap();
    assert!(client.prepare("insert into rows values (8)").await.is_err());
    assert_eq!(stage.rows().await, 2);
}

#[tokio::test]
async fn a_server_that_is_away_comes_back() {
    let stage = Stage::set(Vec::new()).await;
    let client = connect(&stage.through).await.unwrap();
    stage.proxy.refuse();
    assert!(connect(&stage.through).await.is_err());
    client.batch_execute("select 1").await.unwrap();
    stage.proxy.cut_now();
    stage.proxy.until_cuts(1).await;
    assert!(client.batch_execute("select 1").await.is_err());
    stage.proxy.pass_through();
    stage.insert(1).await.unwrap();
    stage.server.stop_immediate().await.unwrap();
    assert!(connect(&stage.through).await.is_err());
    stage.server.start_again().await.unwrap();
    stage.insert(2).await.unwrap();
}

#[tokio::test]
async fn a_held_connection_answers_when_it_is_let_go() {
    let stage = Stage::set(Vec::new()).await;
    let client = connect(&stage.through).await.unwrap();
    stage.proxy.hold();
    let mut asked = std::pin::pin!(client.batch_execute("insert into rows values (1)"));
    let first = futures::poll!(asked.as_mut());
    assert!(first.is_pending());
    assert_eq!(stage.rows().await, 0);
    stage.proxy.pass_through();
    asked.await.unwrap();
    assert_eq!(stage.rows().await, 1);
}

#[tokio::test]
async fn plain_bytes_are_cut_exactly_where_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::tcp(listener.local_addr().unwrap().to_string());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    let proxy = Proxy::start(upstream, vec![Rule::cut_after_bytes(Direction::ToClient, 1000)])
        .await
        .unwrap();
    let mut heard = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(&[7; 700]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut echo = Vec::new();
        // What was cut may end in an error or in an end of file; what came before it is what counts.
        let _ = stream.read_to_end(&mut echo).await;
        heard.push(echo.len());
    }
    assert_eq!(heard, [700, 300]);
    assert_eq!((proxy.connections(), proxy.cuts()), (2, 1));
}
