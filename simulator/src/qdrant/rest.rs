//! The part of Qdrant's REST interface that a migration uses.

use super::state::State;
use crate::grpc::Body;
use crate::server::{Answers, Line, Speaks};
use http::{Request, Response};
use hyper::body::Incoming;
use std::sync::Arc;

/// The REST face of a server.
#[derive(Debug)]
pub(super) struct Rest(pub(super) Arc<State>);

impl Answers for Rest {
    const SPEAKS: Speaks = Speaks::Rest;

    async fn answer(self: Arc<Rest>, _: Line, _: Request<Incoming>) -> Response<Body> {
        let _ = &self.0;
        Response::new(Body::Whole(None))
    }
}
