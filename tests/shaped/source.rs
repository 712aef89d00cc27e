//! A source that all of these tests look at: the documents of an application, and some that were written for the mapping.

use super::compared::{Documents, in_source};
use crate::support::{World, server};
use rehearsal::rest::Write;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

/// The smallest application there is.
const DOCUMENTS: usize = 1_000;

static STOCKED: OnceCell<World> = OnceCell::const_new();

/// The source with a new, empty target.
pub(super) async fn shop() -> World {
    stocked().await.again(server().await).await
}

/// Everything in it.
pub(super) async fn documents() -> Documents {
    in_source(&stocked().await.firestore, None).await
}

async fn stocked() -> &'static World {
    let stock = || async {
        let world = World::with(DOCUMENTS).await;
        let more = more(&world.firestore.root());
        world.firestore.commit(more).await.unwrap();
        world
    };
    STOCKED.get_or_init(stock).await
}

/// A document to be written.
pub(super) fn document(path: &str, fields: Value) -> Write {
    let Value::Object(fields) = fields else {
        panic!("fields are an object")
    };
    Write::Set(path.to_owned(), fields)
}

pub(super) fn text(value: &str) -> Value {
    json!({ "stringValue": value })
}

fn integer(value: i64) -> Value {
    json!({ "integerValue": value.to_string() })
}

fn array(values: &[Value]) -> Value {
    json!({ "arrayValue": { "values": values } })
}

fn map(fields: Value) -> Value {
    json!({ "mapValue": { "fields": fields } })
}

fn person(name: &str, more: Value) -> Value {
    let mut fields = Map::from_iter([("displayName".to_owned(), text(name))]);
    let Value::Object(more) = more else {
        panic!("fields are an object")
    };
    fields.extend(more);
    Value::Object(fields)
}

/// What the application has too little of to be sure to meet it.
fn more(root: &str) -> Vec<Write> {
    let to = |path: &str| json!({ "referenceValue": format!("{root}/{path}") });
    let preferences = map(json!({
        "theme": text("dark"), "notify": map(json!({ "email": { "booleanValue": true } })),
    }));
    let line =
        |sku: &str, quantity| map(json!({ "product": to(&format!("products/{sku}")), "quantity": quantity }));
    let licence = |serial: &str, expires: Value, seats: Value| json!({ "serial": text(serial), "expiresMs": expires, "seats": seats });
    vec![
        document(
            "users/old-1",
            person(
                "Ada King",
                json!({
                    "email": text("  Ada.King@Example.COM "), "age": text("41"), "referredBy": to("users/nobody"),
                    "loyaltyPoints": integer(12), "balance": { "doubleValue": 19.99 }, "roles": array(&[text("user"), text("owner")]),
                    "lastLoginAt": { "nullValue": null }, "preferences": preferences,
                    "createdAt": { "timestampValue": "2024-02-29T12:34:56.789Z" },
                    "created_at": { "timestampValue": "2024-02-29T12:34:56.789Z" },
                }),
            ),
        ),
        document(
            "users/old-2",
            person(
                "Grace",
                json!({ "age": text("forty"), "referredBy": to("users/old-1") }),
            ),
        ),
        document(
            "users/old-3",
            person(
                "Kim",
                json!({ "age": { "nullValue": null }, "balance": integer(7) }),
            ),
        ),
        document("users/nameless", json!({ "email": text("nobody@example.com") })),
        document(
            "users/old-1/addresses/home",
            json!({ "postalCode": text("01234"), "city": text("Lagos") }),
        ),
        document(
            "users/old-1/addresses/work",
            json!({ "postalCode": integer(10_115), "city": text("Berlin") }),
        ),
        document(
            "users/old-1/orders/o 1",
            json!({ "status": text("paid"), "giftMessage": text("") }),
        ),
        document(
            "users/old-1/orders/o 1/items/i",
            json!({ "quantity": { "doubleValue": 2.0 }, "product": to("products/none") }),
        ),
        document(
            "carts/full",
            json!({ "lines": array(&[line("sku-000001", integer(2)), line("none", text("three"))]) }),
        ),
        document(
            "carts/odd",
            json!({ "lines": array(&[text("no line"), line("sku-000002", integer(1))]) }),
        ),
        document("carts/bare", json!({ "lines": text("none") })),
        document(
            "conversations/c2",
            json!({ "unread": map(json!({ "old-1": integer(3), "old-2": text("many") })) }),
        ),
        document(
            "conversations/c2/messages/cut",
            json!({ "sender": to("users/old-1"), "text": text("C\0 string\0") }),
        ),
        document("archive/box/entries/e1", json!({ "action": text("kept") })),
        document("entries/root", json!({ "action": text("at the root") })),
        document("employees/E-none", json!({ "name": { "nullValue": null } })),
        document("employees/E-less", json!({})),
        document(
            "events/open",
            json!({ "name": text("fair"), "capacity": text("unlimited") }),
        ),
        document(
            "licences/a",
            licence(
                "6f0f3a52-5b9c-4d3e-8f5a-0d8c1f0f9a01",
                integer(1_709_210_096_789),
                integer(5),
            ),
        ),
        document(
            "licences/b",
            licence(
                "6F0F3A52-5B9C-4D3E-8F5A-0D8C1F0F9A02",
                json!({ "doubleValue": 1.5 }),
                json!({ "nullValue": null }),
            ),
        ),
        document(
            "licences/c",
            json!({ "serial": text("6f0f3a52-5b9c-4d3e-8f5a-0d8c1f0f9a03") }),
        ),
        document("licences/bad", licence("lost", integer(0), integer(1))),
        document(
            "mailing/nul",
            json!({ "subject": text("C string\0"), "nul\0name": map(json!({ "a\0": text("\0") })) }),
        ),
        document("mailing/plain", json!({ "subject": text("plain") })),
    ]
}
