//! The statements inside a load's transaction: the lane's move and what was put aside.
//!
//! The lane moves only from exactly where the batch starts and only under the fence it is held by; how many rows
//! that hit is the whole answer. All of it goes unnamed, as everything here does.

use super::ledger::MICROS;
use super::{Lease, spans};
use crate::pack::Packed;
use crate::plan::{Lane, Plan};
use checkpoints::{Position, Token};
use std::ops::Range;
use tokio_postgres::types::{ToSql, Type};
use transforms::{Relation, visible};
use uuid::Uuid;

pub(super) fn position(state: &str, token: Option<Vec<u8>>) -> Position {
    match (state, token) {
        ("at", Some(token)) => Position::At(Token(token)),
        ("end", _) => Position::End,
        _ => Position::Start,
    }
}

fn columns(position: &Position) -> (&'static str, Option<&[u8]>) {
    match position {
        Position::Start => ("start", None),
        Position::At(token) => ("at", Some(&token.0)),
        Position::End => ("end", None),
    }
}

/// Moves `lane` along the batch's span if it stands there under `fence`, and notes what the span came to where that is
/// asked for; says how many rows that hit.
pub(super) async fn advance(
    lease: &Lease,
    run: Uuid,
    lane: &Lane,
    fence: i64,
    batch: &Packed,
) -> Result<u64, tokio_postgres::Error> {
    let mut sql = format!(
        "update etl.lane set state = $4, token = $5, read = read + $8, loaded = loaded + $9, \
         quarantined = quarantined + $10, skipped = skipped + $11, bytes = bytes + $12, billed = billed + $13, \
         read_time = {MICROS}$14, expected = $15, dropped = dropped + $16, moved_at = now(), \
         rows = array(select coalesce(was, 0) + coalesce(more, 0) from unnest(rows, $17::int8[]) \
         with ordinality as sums (was, more, place) order by place) \
         where run = $1::text::uuid and lane = $2 and fence = $3 and state = $6 and token is not distinct from $7"
    );
    let ((from, from_token), (to, to_token)) = (columns(&batch.span.from), columns(&batch.span.to));
    let tally = batch.tally();
    let counts = [
        tally.read,
        tally.loaded,
        tally.quarantined,
        tally.skipped,
        tally.bytes,
        tally.billed,
    ];
    let counts = counts.map(|count| count as i64);
    let (run, lane, expected) = (run.to_string(), lane.id as i32, batch.expected as i64);
    let mut values: Vec<(&(dyn ToSql + Sync), Type)> = vec![
        (&run, Type::TEXT),
        (&lane, Type::INT4),
        (&fence, Type::INT8),
        (&to, Type::TEXT),
        (&to_token, Type::BYTEA),
        (&from, Type::TEXT),
        (&from_token, Type::BYTEA),
    ];
    values.extend(
        counts
            .iter()
            .map(|count| (count as &(dyn ToSql + Sync), Type::INT8)),
    );
    values.push((&batch.read_at.0, Type::INT8));
    values.push((&expected, Type::INT8));
    let dropped = batch.dropped() as i64;
    values.push((&dropped, Type::INT8));
    let rows: Vec<i64> = batch.row_counts().into_iter().map(|count| count as i64).collect();
    values.push((&rows, Type::INT8_ARRAY));
    let (after, upto) = (spans::end(&batch.span.from), spans::end(&batch.span.to));
    let digest = batch.account.as_ref().map(spans::Columns::from);
    let bytes = digest
        .as_ref()
        .map(|digest| (digest.ids.as_slice(), digest.points.as_slice()));
    if let (Some(digest), Some((ids, points))) = (&digest, &bytes) {
        // In one statement with the move, so that it takes no time of its own.
        sql = format!(
            "with moved as ({sql} returning run, lane) insert into etl.span (run, lane, after, upto, records, ids, points, keys) \
             select run, lane, $18, $19, $20, $21, $22, $23 from moved {}",
            spans::REPLACED
        );
        values.push((&after, Type::TEXT));
        values.push((&upto, Type::TEXT));
        values.push((&digest.records, Type::INT8));
        values.push((ids, Type::BYTEA));
        values.push((points, Type::BYTEA));
        values.push((&digest.keys, Type::BYTEA));
    }
    lease.execute_typed(&sql, &values).await
}

/// Counts documents of the batch that can be stored now, all of them in quarantine before, as loaded, if the lane is held
/// under `fence`; says how many lanes that hit.
pub(super) async fn settle(
    lease: &Lease,
    run: Uuid,
    lane: &Lane,
    fence: i64,
    batch: &Packed,
) -> Result<u64, tokio_postgres::Error> {
    let sql = "update etl.lane set loaded = loaded + $4, quarantined = quarantined - $4, dropped = dropped + $5, \
               rows = array(select coalesce(was, 0) + coalesce(more, 0) from unnest(rows, $6::int8[]) \
               with ordinality as sums (was, more, place) order by place) \
               where run = $1::text::uuid and lane = $2 and fence = $3";
    let (run, lane) = (run.to_string(), lane.id as i32);
    let (loaded, dropped) = (batch.tally().loaded as i64, batch.dropped() as i64);
    let rows: Vec<i64> = batch.row_counts().into_iter().map(|count| count as i64).collect();
    let values: [(&(dyn ToSql + Sync), Type); 6] = [
        (&run, Type::TEXT),
        (&lane, Type::INT4),
        (&fence, Type::INT8),
        (&loaded, Type::INT8),
        (&dropped, Type::INT8),
        (&rows, Type::INT8_ARRAY),
    ];
    lease.execute_typed(sql, &values).await
}

/// Takes the batch's documents out of the quarantine and says how many were there.
pub(super) async fn take_out(
    lease: &Lease,
    plan: &Plan,
    lane: &Lane,
    batch: &Packed,
) -> Result<u64, tokio_postgres::Error> {
    let sql = "delete from etl.quarantine where run = $1::text::uuid and lane = $2 and path = any($3)";
    let paths = batch.documents.iter().map(|body| plan.path(lane, body));
    let paths: Vec<Vec<u8>> = paths.map(|path| path.into_owned().into_bytes()).collect();
    let (run, lane) = (plan.run.to_string(), lane.id as i32);
    let values: [(&(dyn ToSql + Sync), Type); 3] = [
        (&run, Type::TEXT),
        (&lane, Type::INT4),
        (&paths, Type::BYTEA_ARRAY),
    ];
    lease.execute_typed(sql, &values).await
}

/// The fence and position of a lane.
pub(super) async fn standing(
    lease: &Lease,
    run: Uuid,
    lane: u32,
) -> Result<Option<(i64, Position)>, tokio_postgres::Error> {
    let sql = "select fence, state, token from etl.lane where run = $1::text::uuid and lane = $2";
    let (run, lane) = (run.to_string(), lane as i32);
    let rows = lease
        .query_typed(sql, &[(&run, Type::TEXT), (&lane, Type::INT4)])
        .await?;
    Ok(rows
        .first()
        .map(|row| (row.get(0), position(row.get(1), row.get(2)))))
}

/// Stores what was put aside of the batch's documents `within`, with its reason, a readable form and the bytes as they
/// came.
pub(super) async fn quarantine(
    lease: &Lease,
    plan: &Plan,
    lane: &Lane,
    batch: &Packed,
    within: &Range<usize>,
) -> Result<(), tokio_postgres::Error> {
    let sql = "insert into etl.quarantine (run, lane, collection, path, reason, column_name, detail, sqlstate, document, body) \
               select $1::text::uuid, $2, $3, q.path, q.reason, q.column_name, q.detail, q.sqlstate, q.document::json, q.body \
               from unnest($4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[]) \
               as q (path, reason, column_name, detail, sqlstate, document, body)";
    let root = plan.source.root();
    let (run, lane_number) = (plan.run.to_string(), lane.id as i32);
    let collection = plan.collection_of(lane).visible();
    let count = batch.rejects.len();
    let (mut paths, mut bodies) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut reasons, mut columns, mut details, mut states, mut documents) =
        (vec![], vec![], vec![], vec![], vec![]);
    for (place, reject) in batch.rejects.iter().filter(|(place, _)| within.contains(place)) {
        let body = &batch.documents[*place];
        paths.push(plan.path(lane, body).into_owned().into_bytes());
        bodies.push(body.as_ref());
        reasons.push(reject.reason.as_str());
        columns.push(reject.column.as_deref());
        details.push(visible(&reject.detail).into_owned());
        let refused = reject.reason == transforms::Reason::RefusedByPostgres;
        states.push(refused.then(|| reject.detail.get(..5)).flatten());
        let document = plan.document(lane, body).ok();
        documents.push(document.map(|document| transforms::json::object(&document.fields, &root)));
    }
    let values: [(&(dyn ToSql + Sync), Type); 10] = [
        (&run, Type::TEXT),
        (&lane_number, Type::INT4),
        (&collection, Type::TEXT),
        (&paths, Type::BYTEA_ARRAY),
        (&reasons, Type::TEXT_ARRAY),
        (&columns, Type::TEXT_ARRAY),
        (&details, Type::TEXT_ARRAY),
        (&states, Type::TEXT_ARRAY),
        (&documents, Type::TEXT_ARRAY),
        (&bodies, Type::BYTEA_ARRAY),
    ];
    lease.execute_typed(sql, &values).await.map(drop)
}

/// Records the original of every value of the batch's documents `within` that is stored otherwise than it is.
pub(super) async fn amend(
    lease: &Lease,
    plan: &Plan,
    lane: &Lane,
    batch: &Packed,
    within: &Range<usize>,
) -> Result<(), tokio_postgres::Error> {
    let sql = "insert into etl.amendment (run, lane, collection, path, table_name, column_name, field, policy, original) \
               select $1::text::uuid, $2, $3, a.path, a.table_name, a.column_name, a.field, a.policy, a.original::json \
               from unnest($4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) \
               as a (path, table_name, column_name, field, policy, original)";
    let (run, lane_number) = (plan.run.to_string(), lane.id as i32);
    let relations = plan.collection_of(lane).relations();
    let collection = plan.collection_of(lane).visible();
    let mut paths = Vec::with_capacity(batch.amendments.len());
    let (mut tables, mut columns, mut fields, mut policies, mut originals) =
        (vec![], vec![], vec![], vec![], vec![]);
    for (place, amendment) in batch
        .amendments
        .iter()
        .filter(|(place, _)| within.contains(place))
    {
        paths.push(
            plan.path(lane, &batch.documents[*place])
                .into_owned()
                .into_bytes(),
        );
        tables.push(
            relations
                .get(amendment.relation)
                .map(Relation::name)
                .unwrap_or_default(),
        );
        columns.push(visible(&amendment.column).into_owned());
        fields.push(visible(&amendment.field).into_owned());
        policies.push(amendment.policy.as_str());
        originals.push(amendment.original.as_str());
    }
    let values: [(&(dyn ToSql + Sync), Type); 9] = [
        (&run, Type::TEXT),
        (&lane_number, Type::INT4),
        (&collection, Type::TEXT),
        (&paths, Type::BYTEA_ARRAY),
        (&tables, Type::TEXT_ARRAY),
        (&columns, Type::TEXT_ARRAY),
        (&fields, Type::TEXT_ARRAY),
        (&policies, Type::TEXT_ARRAY),
        (&originals, Type::TEXT_ARRAY),
    ];
    lease.execute_typed(sql, &values).await.map(drop)
}
