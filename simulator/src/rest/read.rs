//! JSON objects as messages: every member must be one the message has, and of its type.
//!
//! As in protobuf's own mapping a member may be spelled in camel or in snake case, and `null` is the same as nothing.

use std::collections::HashMap;
use std::fmt::Display;
use tonic::Status;

pub(super) type Json = serde_json::Value;

/// Refuses a body. The emulator says the first sentence and nothing else.
pub(super) fn unreadable(why: impl Display) -> Status {
    Status::invalid_argument(format!("Payload isn't valid for request. {why}"))
}

/// Refuses a part of a body that should have been something else.
pub(super) fn wrong(json: &Json, wanted: &str) -> Status {
    let text: String = json.to_string().chars().take(80).collect();
    unreadable(format!("{text} is no {wanted}."))
}

/// A member that excludes the others of its kind, and how it is read.
pub(super) type Choice<'a, T> = (&'a str, fn(Json) -> Result<T, Status>);

/// The members of an object that nobody has asked for yet.
pub(super) struct Members(serde_json::Map<String, Json>);

/// Reads an object; whatever `read` leaves of it is unknown, and refused.
pub(super) fn object<T>(
    json: Json,
    read: impl FnOnce(&mut Members) -> Result<T, Status>,
) -> Result<T, Status> {
    let Json::Object(members) = json else {
        return Err(wrong(&json, "object"));
    };
    let mut members = Members(members);
    let read = read(&mut members)?;
    match members.0.keys().next() {
        Some(unknown) => Err(unreadable(format!("{unknown:?} means nothing here."))),
        None => Ok(read),
    }
}

impl Members {
    fn take(&mut self, name: &str) -> Result<Option<Json>, Status> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let snake = snake(name);
        let other = if snake == name {
            None
        } else {
            self.0.remove(&snake)
        };
        match (self.0.remove(name), other) {
            (Some(_), Some(_)) => Err(unreadable(format!("{name} stands there twice."))),
            (one, other) => Ok(one.or(other).filter(|json| !json.is_null())),
        }
    }

    /// A member that may be missing.
    pub(super) fn one<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Json) -> Result<T, Status>,
    ) -> Result<Option<T>, Status> {
        self.take(name)?.map(read).transpose()
    }

    /// A member that is as good as its default when it is missing.
    pub(super) fn plain<T: Default>(
        &mut self,
        name: &str,
        read: impl FnOnce(Json) -> Result<T, Status>,
    ) -> Result<T, Status> {
        Ok(self.one(name, read)?.unwrap_or_default())
    }

    /// A repeated member.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        read: impl FnMut(Json) -> Result<T, Status>,
    ) -> Result<Vec<T>, Status> {
        self.plain(name, |json| match json {
            Json::Array(items) => items.into_iter().map(read).collect(),
            other => Err(wrong(&other, "list")),
        })
    }

    /// A member that is a map with names as keys.
    pub(super) fn table<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(Json) -> Result<T, Status>,
    ) -> Result<HashMap<String, T>, Status> {
        self.plain(name, |json| match json {
            Json::Object(entries) => entries
                .into_iter()
                .map(|(key, json)| Ok((key, read(json)?)))
                .collect(),
            other => Err(wrong(&other, "object")),
        })
    }

    /// The one of these members that is there; two of them are too many.
    pub(super) fn choice<T>(&mut self, choices: &[Choice<'_, T>]) -> Result<Option<T>, Status> {
        let mut chosen = None;
        for (name, read) in choices {
            let Some(next) = self.one(name, read)? else {
                continue;
            };
            if chosen.replace(next).is_some() {
                return Err(unreadable(format!("{name} excludes another member.")));
            }
        }
        Ok(chosen)
    }
}

/// `updateTime` as `update_time`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
