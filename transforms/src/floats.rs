//! Embeddings as Qdrant sends them: components of 32 bits, left in the bytes they came in.
//! Every component keeps its bits, those of NaN too; what a column can hold of them is decided in `pack`.

use std::borrow::Cow;

/// The components of an embedding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Floats<'a> {
    /// Little-endian; always whole components.
    bytes: Cow<'a, [u8]>,
}

impl<'a> Floats<'a> {
    /// The components in these bytes, little-endian, four each; none if some bytes are left over.
    pub fn from_le_bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Option<Floats<'a>> {
        let bytes = bytes.into();
        bytes.len().is_multiple_of(4).then_some(Floats { bytes })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / 4
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Each component's bytes, little-endian.
    pub fn components(&self) -> &[[u8; 4]] {
        self.bytes.as_chunks().0
    }

    /// Each component.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f32> + '_ {
        self.components().iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// Cut into parts of so many components, at least one; the last may have fewer.
    pub(crate) fn parted(self, length: usize) -> Vec<Floats<'a>> {
        let length = 4 * length.max(1);
        match self.bytes {
            Cow::Borrowed(bytes) => bytes
                .chunks(length)
                .map(|part| Floats { bytes: part.into() })
                .collect(),
            Cow::Owned(bytes) => bytes
                .chunks(length)
                .map(|part| Floats {
                    bytes: part.to_vec().into(),
                })
                .collect(),
        }
    }

    /// The same, borrowed.
    pub fn view(&self) -> Floats<'_> {
        Floats {
            bytes: Cow::Borrowed(&self.bytes),
        }
    }

    /// The same, with bytes of its own.
    pub fn into_owned(self) -> Floats<'static> {
        Floats {
            bytes: Cow::Owned(self.bytes.into_owned()),
        }
    }
}

impl FromIterator<f32> for Floats<'_> {
    fn from_iter<I: IntoIterator<Item = f32>>(components: I) -> Self {
        let bytes: Vec<u8> = components.into_iter().flat_map(f32::to_le_bytes).collect();
        Floats {
            bytes: Cow::Owned(bytes),
        }
    }
}

impl Extend<f32> for Floats<'_> {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, components: I) {
        let bytes = components.into_iter().flat_map(f32::to_le_bytes);
        self.bytes.to_mut().extend(bytes);
    }
}

/// A sparse embedding: which of its components are spelled out, and these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sparse<'a> {
    indices: Cow<'a, [u32]>,
    values: Floats<'a>,
}

impl<'a> Sparse<'a> {
    /// Indices with their values, one for each; none where they are not as many.
    pub fn new(indices: impl Into<Cow<'a, [u32]>>, values: Floats<'a>) -> Option<Sparse<'a>> {
        let indices = indices.into();
        (indices.len() == values.len()).then_some(Sparse { indices, values })
    }

    /// The indices, as sent: Qdrant sorts them and sends none twice.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// The value at each of them. Zeros may be spelled out.
    pub fn values(&self) -> &Floats<'a> {
        &self.values
    }

    /// The same, borrowed.
    pub fn view(&self) -> Sparse<'_> {
        Sparse {
            indices: Cow::Borrowed(&self.indices),
            values: self.values.view(),
        }
    }

    /// The same, with memory of its own.
    pub fn into_owned(self) -> Sparse<'static> {
        Sparse {
            indices: Cow::Owned(self.indices.into_owned()),
            values: self.values.into_owned(),
        }
    }
}
