//! Writes from JSON, and what became of them as JSON.

use super::read::{Json, object};
use super::{scalar, time, value};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use proto::document_transform::FieldTransform;
use proto::document_transform::field_transform::{ServerValue, TransformType};
use proto::precondition::ConditionType;
use proto::write::Operation;
use serde_json::{Map, json};
use tonic::Status;

pub(super) fn read(json: Json) -> Result<proto::Write, Status> {
    object(json, |members| {
        Ok(proto::Write {
            update_mask: members.one("updateMask", mask)?,
            update_transforms: members.list("updateTransforms", transform)?,
            current_document: members.one("currentDocument", precondition)?,
            operation: members.choice(&[
                ("update", |json| value::read_document(json).map(Operation::Update)),
                ("delete", |json| scalar::text(json).map(Operation::Delete)),
                ("transform", |json| transforms(json).map(Operation::Transform)),
            ])?,
        })
    })
}

pub(super) fn mask(json: Json) -> Result<proto::DocumentMask, Status> {
    let field_paths = object(json, |members| members.list("fieldPaths", scalar::text))?;
    Ok(proto::DocumentMask { field_paths })
}

fn precondition(json: Json) -> Result<proto::Precondition, Status> {
    let condition_type = object(json, |members| {
        members.choice(&[
            ("exists", |json| scalar::boolean(json).map(ConditionType::Exists)),
            ("updateTime", |json| {
                time::read(json).map(ConditionType::UpdateTime)
            }),
        ])
    })?;
    Ok(proto::Precondition { condition_type })
}

fn transforms(json: Json) -> Result<proto::DocumentTransform, Status> {
    object(json, |members| {
        Ok(proto::DocumentTransform {
            document: members.plain("document", scalar::text)?,
            field_transforms: members.list("fieldTransforms", transform)?,
        })
    })
}

fn transform(json: Json) -> Result<FieldTransform, Status> {
    object(json, |members| {
        Ok(FieldTransform {
            field_path: members.plain("fieldPath", scalar::text)?,
            transform_type: members.choice(&[
                ("setToServerValue", |json| {
                    let named = scalar::choice(json, ServerValue::from_str_name);
                    named.map(TransformType::SetToServerValue)
                }),
                ("increment", |json| {
                    value::read(json).map(TransformType::Increment)
                }),
                ("maximum", |json| value::read(json).map(TransformType::Maximum)),
                ("minimum", |json| value::read(json).map(TransformType::Minimum)),
                ("appendMissingElements", |json| {
                    value::array(json).map(TransformType::AppendMissingElements)
                }),
                ("removeAllFromArray", |json| {
                    value::array(json).map(TransformType::RemoveAllFromArray)
                }),
            ])?,
        })
    })
}

/// What a write did, as JSON.
pub(super) fn write_result(result: proto::WriteResult) -> Json {
    let mut members = Map::new();
    if let Some(time) = &result.update_time {
        members.insert("updateTime".to_owned(), time::write(time));
    }
    if !result.transform_results.is_empty() {
        let results = result.transform_results.into_iter().map(value::write).collect();
        members.insert("transformResults".to_owned(), results);
    }
    members.into()
}

pub(super) fn write_commit(response: proto::CommitResponse) -> Json {
    let mut members = Map::new();
    if !response.write_results.is_empty() {
        let results = response.write_results.into_iter().map(write_result).collect();
        members.insert("writeResults".to_owned(), results);
    }
    if let Some(time) = &response.commit_time {
        members.insert("commitTime".to_owned(), time::write(time));
    }
    members.into()
}

pub(super) fn write_batch(response: proto::BatchWriteResponse) -> Json {
    if response.status.is_empty() {
        return json!({});
    }
    let results: Vec<Json> = response.write_results.into_iter().map(write_result).collect();
    let status = response.status.into_iter().map(|status| match status.code {
        0 => json!({}),
        code => json!({"code": code, "message": status.message}),
    });
    json!({"writeResults": results, "status": status.collect::<Vec<Json>>()})
}
