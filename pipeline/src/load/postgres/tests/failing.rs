//! What errors mean: those of this side are mended by no new connection, and a connection that is gone is.

use super::super::{fault, sqlstate};
use super::*;
use crate::fault::Class;
use tokio_postgres::NoTls;
use tokio_postgres::types::Type as Sql;

#[test]
fn what_this_side_got_wrong_is_not_tried_again() {
    test(async {
        let client = connect(&server().await.database("failing").await.unwrap())
            .await
            .unwrap();
        let serializing = client
            .query_typed("select $1::text", &[(&7_i64, Sql::TEXT)])
            .await;
        let row = client.query_one("select 'a'", &[]).await.unwrap();
        let deserializing = row.try_get::<_, i64>(0);
        let configuration = tokio_postgres::Config::new().user("u").connect(NoTls).await;
        let errors = [
            (serializing.map(drop), "error serializing"),
            (deserializing.map(drop), "error deserializing"),
            (configuration.map(drop), "invalid configuration"),
        ];
        for (error, words) in errors {
            let fault = fault("try", &error.unwrap_err());
            assert!(fault.message.starts_with(words), "{}", fault.message);
            assert_eq!(fault.class, Class::Permanent, "{words}");
            assert_ne!(fault.cause, "connection_lost", "{words}");
        }
    });
}

#[test]
fn a_connection_that_is_gone_may_be_made_again() {
    test(async {
        let url = server().await.database("failing").await.unwrap();
        let (client, another) = (connect(&url).await.unwrap(), connect(&url).await.unwrap());
        let pid: i32 = client
            .query_one("select pg_backend_pid()", &[])
            .await
            .unwrap()
            .get(0);
        let end = "select pg_terminate_backend($1, 60000)";
        assert!(another.query_one(end, &[&pid]).await.unwrap().get::<_, bool>(0));
        // The server says why, if it is heard; who asks again finds nobody.
        let mut causes = Vec::new();
        for _ in 0..2 {
            let fault = fault("try", &client.batch_execute("select 1").await.unwrap_err());
            assert!(
                matches!(fault.class, Class::Transient { .. }),
                "{}",
                fault.message
            );
            causes.push(fault.cause.to_string());
        }
        assert_eq!(causes[1], "connection_lost");
    });
}

#[test]
fn who_does_not_get_in_is_told_what_to_do() {
    test(async {
        let nobody = "host=127.0.0.1 port=1 user=u dbname=d connect_timeout=5";
        let Err(error) = tokio_postgres::connect(nobody, NoTls).await else {
            panic!("somebody listens on port 1");
        };
        let fault = sqlstate::connect_fault("connect", &error);
        assert!(
            matches!(fault.class, Class::Transient { .. }),
            "{}",
            fault.message
        );
        assert!(fault.remedy.is_some_and(|remedy| remedy.contains("DATABASE_URL")));
    });
}
