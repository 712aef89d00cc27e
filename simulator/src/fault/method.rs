//! The calls that a rule can be about, by the names they have on the wire.

/// A method of google.firestore.v1.Firestore, or GetDatabase of google.firestore.admin.v1.FirestoreAdmin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // They are Google's names, and Google documents them.
pub enum Method {
    GetDocument,
    BatchGetDocuments,
    ListDocuments,
    ListCollectionIds,
    RunQuery,
    RunAggregationQuery,
    PartitionQuery,
    Listen,
    BeginTransaction,
    Rollback,
    Commit,
    BatchWrite,
    Write,
    CreateDocument,
    UpdateDocument,
    DeleteDocument,
    GetDatabase,
}

use Method::*;

impl Method {
    /// Every method a rule may name.
    pub const ALL: [Method; 17] = [
        GetDocument,
        BatchGetDocuments,
        ListDocuments,
        ListCollectionIds,
        RunQuery,
        RunAggregationQuery,
        PartitionQuery,
        Listen,
        BeginTransaction,
        Rollback,
        Commit,
        BatchWrite,
        Write,
        CreateDocument,
        UpdateDocument,
        DeleteDocument,
        GetDatabase,
    ];

    /// Its name on the wire, such as `RunQuery`.
    pub fn name(self) -> &'static str {
        match self {
            GetDocument => "GetDocument",
            BatchGetDocuments => "BatchGetDocuments",
            ListDocuments => "ListDocuments",
            ListCollectionIds => "ListCollectionIds",
            RunQuery => "RunQuery",
            RunAggregationQuery => "RunAggregationQuery",
            PartitionQuery => "PartitionQuery",
            Listen => "Listen",
            BeginTransaction => "BeginTransaction",
            Rollback => "Rollback",
            Commit => "Commit",
            BatchWrite => "BatchWrite",
            Write => "Write",
            CreateDocument => "CreateDocument",
            UpdateDocument => "UpdateDocument",
            DeleteDocument => "DeleteDocument",
            GetDatabase => "GetDatabase",
        }
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether it only reads; what a rule without methods is about.
    pub fn reads(self) -> bool {
        matches!(
            self,
            GetDocument
                | BatchGetDocuments
                | ListDocuments
                | ListCollectionIds
                | RunQuery
                | RunAggregationQuery
                | PartitionQuery
                | Listen
                | GetDatabase
        )
    }

    /// Whether it answers with a stream of messages, which can end half-way.
    pub fn streams(self) -> bool {
        matches!(
            self,
            BatchGetDocuments | RunQuery | RunAggregationQuery | Listen | Write
        )
    }
}
