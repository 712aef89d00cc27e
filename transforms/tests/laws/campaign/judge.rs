//! What becomes of the bytes of a document, and whether that is right: the reference decoder says what they mean.
//! Other test suites include this file by its path, as they do the mappings beside it.

use firestore::gcloud_sdk::google::firestore::v1 as proto;
use prost::Message;
use transforms::mapping::Table;
use transforms::{Document, Notes, Packer, Reason, Reject, Tuples, Value, below, relations};

use crate::expectations::explains;
use crate::mappings;
use crate::mappings::documents::{ROOT, Sample};
use crate::rebuilt::assert_rebuilds;
use crate::reference::{expected, moment};

/// Where a document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// Packed as it lies in its bytes, and decoded all the same.
    PackedDirectly,
    /// Packed decoded.
    Packed,
    /// Rejected for this reason; the reference decoder takes it.
    Rejected(Reason),
    /// Refused by us alone.
    Refused,
    /// Refused by the reference decoder and by us.
    Undecodable,
}

/// Of each of these there are many, or the law says little.
pub(crate) const EXPECTED: [Fate; 10] = [
    Fate::PackedDirectly,
    Fate::Packed,
    Fate::Refused,
    Fate::Undecodable,
    Fate::Rejected(Reason::NulCharacter),
    Fate::Rejected(Reason::Misfit),
    Fate::Rejected(Reason::Required),
    Fate::Rejected(Reason::NoTable),
    Fate::Rejected(Reason::Malformed),
    Fate::Rejected(Reason::TimestampPrecision),
];

/// Judges documents of one mapping.
pub(crate) struct Judge<'t> {
    tables: &'t [Table],
    packer: Packer<'t>,
    exact: bool,
    before: Vec<Tuples>,
}

impl<'t> Judge<'t> {
    pub(crate) fn new(tables: &'t [Table], exact: bool) -> Judge<'t> {
        // What is there already has to stay.
        let before = Tuples {
            bytes: b"before".to_vec(),
            starts: vec![0],
        };
        Judge {
            tables,
            packer: Packer::new(tables, ROOT, exact),
            exact,
            before: vec![before; relations(tables).len()],
        }
    }

    /// What becomes of the document, after it was found to be right.
    /// `is_damaged` says that the bytes may be others than an encoder would write.
    pub(crate) fn fate(&self, body: &[u8], is_damaged: bool) -> Fate {
        let neighbours = mappings::neighbours();
        let packer = self.packer.clone().among(neighbours.iter().chain(self.tables));
        let mut direct = self.before.clone();
        let directly = packer.direct().pack(body, &mut direct);
        let ours = match transforms::firestore::document(body) {
            Ok(ours) => ours,
            Err(malformed) => {
                assert!(
                    directly.is_none() && direct == self.before,
                    "packed, but {malformed}"
                );
                assert!(!malformed.what.is_empty() && malformed.at <= body.len());
                return match proto::Document::decode(body) {
                    Ok(_) => Fate::Refused,
                    Err(_) => Fate::Undecodable,
                };
            }
        };
        let mut plain = self.before.clone();
        let packed = plainly(&packer, &ours, &mut plain);
        match &directly {
            Some(notes) => assert_eq!((Ok(notes), &direct), (packed.as_ref(), &plain), "{ours:?}"),
            None => assert_eq!(direct, self.before, "something was left behind"),
        }
        let sample = self.meant(body, is_damaged, &ours);
        match packed {
            Ok(notes) => {
                assert_rebuilds(
                    self.tables,
                    &sample,
                    self.exact,
                    &notes,
                    &after(&self.before, &plain),
                );
                directly.map_or(Fate::Packed, |_| Fate::PackedDirectly)
            }
            Err(reject) => {
                assert_eq!(plain, self.before, "something was left behind");
                self.assert_explained(&sample, &reject);
                Fate::Rejected(reject.reason)
            }
        }
    }

    /// The document that the reference decoder sees, where its word counts: it merges what a damaged message says twice,
    /// and nests half as deep as we do.
    fn meant(&self, body: &[u8], is_damaged: bool, ours: &Document<'_>) -> Sample {
        let theirs = proto::Document::decode(body);
        let is_deep = |error: &prost::DecodeError| error.to_string().contains("recursion limit");
        let theirs = match theirs {
            Err(error) if is_deep(&error) => return Sample::of(ours),
            theirs => theirs.unwrap_or_else(|error| panic!("we take what prost refuses: {error}\n{ours:?}")),
        };
        if is_damaged && theirs.encoded_len() != body.len() {
            return Sample::of(ours);
        }
        let sample = Sample {
            created: theirs.create_time.as_ref().map(moment),
            updated: theirs.update_time.as_ref().map(moment),
            fields: theirs
                .fields
                .iter()
                .map(|(name, value)| (name.clone(), expected(value)))
                .collect(),
            name: theirs.name,
        };
        let (view, own) = (sample.view(), ours.clone());
        let alike = sample.value().same(&Value::Map(own.fields));
        let named = (&view.name, view.created, view.updated) == (&ours.name, ours.created, ours.updated);
        assert!(alike && named, "prost reads {sample:?}\nand we {ours:?}");
        sample
    }

    fn assert_explained(&self, sample: &Sample, reject: &Reject) {
        let elsewhere = reject.reason == Reason::Malformed && below(&sample.name, ROOT).is_none();
        assert!(
            elsewhere || explains(self.tables, sample, reject),
            "{reject}\n{sample:?}"
        );
        let said = format!("{:?} {reject}", reject.column);
        assert!(!said.contains('\0') && !said.contains("\\0"), "{said}");
    }
}

fn plainly(packer: &Packer<'_>, document: &Document<'_>, out: &mut [Tuples]) -> Result<Notes, Reject> {
    let texts = packer.texts(document).into_iter();
    let embeddings: Vec<_> = texts.map(|text| text.map(|_| vec![0.5, -1.0])).collect();
    packer.pack(document, &embeddings, out)
}

/// What was added to each.
fn after(before: &[Tuples], now: &[Tuples]) -> Vec<Tuples> {
    let added = |(before, now): (&Tuples, &Tuples)| {
        assert!(now.bytes.starts_with(&before.bytes) && now.starts.starts_with(&before.starts));
        let start = before.bytes.len();
        Tuples {
            bytes: now.bytes[start..].to_vec(),
            starts: now.starts[before.starts.len()..]
                .iter()
                .map(|at| at - start)
                .collect(),
        }
    };
    before.iter().zip(now).map(added).collect()
}
