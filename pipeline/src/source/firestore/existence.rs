//! Whether documents exist, asked by name.

use super::client::{Client, Trouble, timestamp};
use crate::fault::Fault;
use crate::metrics;
use crate::plan::ReadTime;
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use futures::StreamExt;
use tonic::Status;

/// Names asked for at once.
const PAGE: usize = 100;
const ACTION: &str = "look up what documents refer to";

impl Client {
    /// How many of the documents at `paths` did not exist at that moment (billed one read each).
    pub(super) async fn missing(&self, paths: &[String], at: ReadTime) -> Result<u64, Fault> {
        let mut missing = 0;
        for page in paths.chunks(PAGE) {
            missing += self
                .retried(ACTION, || async {
                    let reads = page.len() as u64;
                    let (admitted, _granted) = self.admit(reads, ACTION).await?;
                    let missing = self.missing_of(page, at).await?;
                    admitted.close();
                    Ok::<_, Trouble>(missing)
                })
                .await?;
        }
        Ok(missing)
    }

    async fn missing_of(&self, paths: &[String], at: ReadTime) -> Result<u64, Status> {
        use proto::batch_get_documents_request::ConsistencySelector;
        use proto::batch_get_documents_response::Result as Found;
        let request = proto::BatchGetDocumentsRequest {
            database: self.root().trim_end_matches("/documents").to_owned(),
            documents: paths
                .iter()
                .map(|path| format!("{}/{path}", self.root()))
                .collect(),
            mask: Some(proto::DocumentMask {
                field_paths: vec!["__name__".to_owned()],
            }),
            consistency_selector: Some(ConsistencySelector::ReadTime(timestamp(at))),
            ..Default::default()
        };
        let mut client = self.typed();
        let answers = self.in_time(client.batch_get_documents(request)).await?;
        let mut answers = answers.into_inner();
        let (mut missing, mut answered) = (0, 0);
        while let Some(answer) = self.in_time(async { answers.next().await.transpose() }).await? {
            match answer.result {
                Some(Found::Missing(_)) => missing += 1,
                Some(Found::Found(_)) => {}
                None => continue,
            }
            answered += 1;
            metrics::billed(1);
        }
        if answered == paths.len() {
            Ok(missing)
        } else {
            Err(Status::unavailable(
                "the answer ended before every document was told of",
            ))
        }
    }
}
