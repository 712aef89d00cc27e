//! REST says what gRPC says, in Qdrant's JSON, and has the scroll of a single shard besides.

use crate::stage::{everything, start};
use serde_json::{Value as Json, json};
use simulator::qdrant::{
    Collection, Distance, Fault, Mix, Odds, Options, Plan, PointId, Qdrant, Strict, Strike, Value, Vector,
    VectorParams,
};
use std::collections::BTreeSet;
use std::time::Duration;

async fn send(request: reqwest::RequestBuilder) -> (u16, Json) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Json::Null))
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(server: &Qdrant, path: &str) -> (u16, Json) {
    send(http().get(format!("{}{path}", server.rest_url()))).await
}

async fn post(server: &Qdrant, path: &str, body: Json) -> (u16, Json) {
    send(http().post(format!("{}{path}", server.rest_url())).json(&body)).await
}

/// Every point at an address, page by page.
async fn all(server: &Qdrant, path: &str, limit: u64) -> Vec<Json> {
    let (mut points, mut offset) = (Vec::new(), Json::Null);
    loop {
        let body = json!({"offset": offset, "limit": limit, "with_payload": true, "with_vector": true});
        let (status, page) = post(server, path, body).await;
        assert_eq!((status, &page["status"]), (200, &json!("ok")));
        points.extend(page["result"]["points"].as_array().unwrap().iter().cloned());
        offset = page["result"]["next_page_offset"].clone();
        if offset.is_null() {
            return points;
        }
    }
}

/// A payload's value as anybody would write it in JSON.
fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Integer(number) => json!(number),
        Value::Unsigned(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::List(values) => values.iter().map(plain).collect(),
        Value::Struct(fields) => fields
            .iter()
            .map(|(key, value)| (key.to_string(), plain(value)))
            .collect(),
    }
}

fn assert_row(read: &Json, made: &[f32]) {
    let read = read.as_array().unwrap();
    assert_eq!(read.len(), made.len());
    for (read, made) in read.iter().zip(made) {
        match made.is_finite() {
            true => assert_eq!((read.as_f64().unwrap() as f32).to_bits(), made.to_bits()),
            false => assert_eq!(read, &Json::Null),
        }
    }
}

#[tokio::test]
async fn every_kind_of_point_is_read_as_it_was_made() {
    let server = start(everything("all", 200));
    let read = all(&server, "/collections/all/points/scroll", 33).await;
    let made = server.points("all");
    assert_eq!(read.len(), made.len());
    for (read, (_, made)) in read.iter().zip(&made) {
        let id = match made.id {
            PointId::Number(number) => json!(number),
            PointId::Uuid(_) => json!(made.id.to_string()),
        };
        assert_eq!(read["id"], id);
        let payload: Json = made
            .payload
            .iter()
            .map(|(key, value)| (key.to_string(), plain(value)))
            .collect();
        let payload = if made.payload.is_empty() {
            json!({})
        } else {
            payload
        };
        assert_eq!(read["payload"], payload);
        assert_eq!(read["vector"].as_object().unwrap().len(), made.vectors.len());
        for (name, vector) in &made.vectors {
            let read = &read["vector"][name];
            match vector {
                Vector::Dense(row) => assert_row(read, row),
                Vector::Sparse { indices, values } => {
                    assert_eq!(read["indices"], json!(indices));
                    assert_row(&read["values"], values);
                }
                Vector::Multi(rows) => {
                    assert_eq!(read.as_array().unwrap().len(), rows.len());
                    read.as_array()
                        .unwrap()
                        .iter()
                        .zip(rows)
                        .for_each(|(read, row)| assert_row(read, row));
                }
            }
        }
    }
}

#[tokio::test]
async fn shard_by_shard_every_point_is_read_once() {
    let sharded = Collection::new("c", 120)
        .payload(Mix::Plain)
        .shards(3)
        .shard_keys(["eu", "us"]);
    let server = start(sharded);
    let (_, cluster) = get(&server, "/collections/c/cluster").await;
    let shards = cluster["result"]["local_shards"].as_array().unwrap().clone();
    assert_eq!(shards.len(), 6);
    let mut read = BTreeSet::new();
    for shard in &shards {
        let path = format!("/collections/c/shards/{}/points/scroll", shard["shard_id"]);
        let points = all(&server, &path, 7).await;
        assert_eq!(json!(points.len()), shard["points_count"]);
        for point in &points {
            assert_eq!(point["shard_key"], shard["shard_key"]);
            assert!(
                read.insert((point["shard_key"].to_string(), point["id"].to_string())),
                "read twice"
            );
        }
    }
    assert_eq!(read.len(), 240);
    assert_eq!(
        post(&server, "/collections/c/shards/6/points/scroll", json!({}))
            .await
            .0,
        404
    );
    let (_, keys) = get(&server, "/collections/c/shards").await;
    assert_eq!(
        keys["result"]["shard_keys"],
        json!([{"key": "eu"}, {"key": "us"}])
    );
    let eu = json!({"shard_key": "eu", "limit": 1_000});
    let (_, page) = post(&server, "/collections/c/points/scroll", eu).await;
    assert_eq!(page["result"]["points"].as_array().unwrap().len(), 120);
}

#[tokio::test]
async fn a_missing_unnamed_vector_is_an_empty_object() {
    let odds = Odds {
        missing: 0.5,
        ..Odds::default()
    };
    let server = start(
        Collection::new("c", 40)
            .vector(VectorParams::new(2, Distance::Dot))
            .odds(odds),
    );
    let read = all(&server, "/collections/c/points/scroll", 100).await;
    let kinds: BTreeSet<bool> = read.iter().map(|point| point["vector"] == json!({})).collect();
    assert_eq!(kinds.len(), 2);
    assert!(
        read.iter()
            .all(|point| point["vector"] == json!({}) || point["vector"].is_array())
    );
}

#[tokio::test]
async fn a_collection_describes_itself() {
    let server = start(everything("c", 5).replication_factor(2).shards(2));
    let (status, told) = get(&server, "/collections/c").await;
    assert_eq!(status, 200);
    let params = &told["result"]["config"]["params"];
    assert_eq!(
        params["vectors"]["tokens"]["multivector_config"],
        json!({"comparator": "max_sim"})
    );
    assert_eq!(
        params["vectors"]["half"],
        json!({"size": 5, "distance": "Euclid", "datatype": "float16"})
    );
    assert_eq!(
        (&params["shard_number"], &params["sparse_vectors"]),
        (&json!(2), &json!({"words": {}}))
    );
    assert_eq!(told["result"]["points_count"], json!(5));
    let (status, told) = get(&server, "/collections/none").await;
    assert_eq!(status, 404);
    assert_eq!(
        told["status"]["error"],
        json!("Not found: Collection `none` doesn't exist!")
    );
}

#[tokio::test]
async fn what_goes_wrong_has_the_codes_of_http() {
    let strict = Strict {
        read_rate_limit: Some(1),
        ..Strict::default()
    };
    let options = Options::default()
        .api_key("k")
        .with(Collection::new("c", 30).strict(strict));
    let server = Qdrant::start(options).unwrap();
    let scroll = async || {
        let address = format!("{}/collections/c/points/scroll", server.rest_url());
        http()
            .post(address)
            .header("api-key", "k")
            .json(&json!({}))
            .send()
            .await
    };
    assert_eq!(
        post(&server, "/collections/c/points/scroll", json!({})).await.0,
        403
    );
    let fault = |strike| Fault::new(strike).methods(["REST/Scroll"]).times(1);
    server.set_plan(Plan::new(1).fault(fault(Strike::Unavailable)));
    assert_eq!(scroll().await.unwrap().status(), 503);
    let refused = scroll().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (429, &"60".parse().unwrap())
    );
    server.clock().advance(Duration::from_secs(60));
    assert_eq!(scroll().await.unwrap().status(), 200);
    server.clock().advance(Duration::from_secs(60));
    server.set_plan(Plan::new(1).fault(fault(Strike::Reset)));
    let cut = match scroll().await {
        Ok(response) => response.bytes().await.map(drop),
        Err(error) => Err(error),
    };
    assert!(cut.is_err());
}

#[tokio::test]
async fn a_script_drives_it() {
    let server = start(Collection::new("c", 30));
    let plan = "[[fault]]\nstrike = \"internal\"\nmethods = [\"REST/Scroll\"]\n";
    let address = |page: &str| format!("{}/simulator/v1/{page}", server.rest_url());
    assert_eq!(send(http().put(address("plan")).body(plan)).await.0, 200);
    assert_eq!(
        send(http().put(address("plan")).body("[[fault]]\nstrike = 1"))
            .await
            .0,
        400
    );
    assert_eq!(
        post(&server, "/collections/c/points/scroll", json!({})).await.0,
        500
    );
    let (_, struck) = send(http().get(address("struck"))).await;
    assert_eq!(struck[0]["times"], json!(1));
    let (_, sent) = send(http().get(address("sent"))).await;
    assert_eq!(sent["calls"]["REST/Scroll"], json!(1));
}

#[tokio::test]
async fn a_client_that_takes_the_port_for_grpcs_learns_so() {
    let server = start(Collection::new("c", 1));
    let client = crate::client::Qdrant::from_url(&server.rest_url())
        .skip_compatibility_check()
        .build()
        .unwrap();
    let error = client.list_collections().await.unwrap_err().to_string();
    assert!(
        error.contains("h2 protocol error") || error.contains("FRAME_SIZE_ERROR"),
        "{error}"
    );
}
