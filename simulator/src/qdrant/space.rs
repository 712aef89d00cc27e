//! Vector spaces: what a collection says about its vectors, what it makes of them when they are stored, how near two are.

use super::half;
use serde::Deserialize;

/// How near two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// The cosine of the angle; vectors are stored with length 1.
    #[default]
    Cosine,
    /// The length of the difference.
    Euclid,
    /// The inner product.
    Dot,
    /// The sum of the differences.
    Manhattan,
}

/// What a component is stored as. It is delivered as 32 bits all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Datatype {
    /// As it came.
    #[default]
    Float32,
    /// Rounded to 16 bits; what is too large becomes infinite.
    Float16,
    /// Cut off to 0 to 255.
    Uint8,
    /// Four bits of each are kept, and what is delivered is made from those (servers from 1.19 on).
    Turbo4,
}

/// The graph of a vector's index; what is left open is the collection's, or the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Hnsw {
    /// Edges of a node.
    pub m: Option<u64>,
    /// Candidates while building.
    pub ef_construct: Option<u64>,
}

/// What a collection says about one of its dense vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorParams {
    /// Components, of every row if there are several.
    pub size: usize,
    /// How near two are.
    #[serde(default)]
    pub distance: Distance,
    /// What a component is stored as.
    #[serde(default)]
    pub datatype: Datatype,
    /// Several rows to a point, compared by MaxSim.
    #[serde(default)]
    pub multi: bool,
    /// Its own index settings.
    pub hnsw: Option<Hnsw>,
}

/// What a collection says about one of its sparse vectors; they are always compared by their inner product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct SparseParams {
    /// Weighs components by how rare their index is.
    #[serde(default)]
    pub idf: bool,
    /// What generated indices stay below or reach; `u32::MAX` if left out.
    pub max_index: Option<u32>,
}

impl VectorParams {
    /// Components of 32 bits, one row.
    pub fn new(size: usize, distance: Distance) -> VectorParams {
        VectorParams {
            size,
            distance,
            datatype: Datatype::Float32,
            multi: false,
            hnsw: None,
        }
    }

    /// Another type of components.
    pub fn datatype(self, datatype: Datatype) -> VectorParams {
        VectorParams { datatype, ..self }
    }

    /// Several rows to a point.
    pub fn multi(self) -> VectorParams {
        VectorParams { multi: true, ..self }
    }

    /// Its own index settings.
    pub fn hnsw(self, hnsw: Hnsw) -> VectorParams {
        VectorParams {
            hnsw: Some(hnsw),
            ..self
        }
    }

    /// A row as it is stored, observed on 1.18.3: normalised for the cosine, unless its components are bytes; then
    /// rounded to their type. [3, 4] of 16 bits becomes [0.60009766, 0.7998047].
    pub fn stored(&self, row: &mut [f32]) {
        if self.distance == Distance::Cosine && self.datatype != Datatype::Uint8 {
            normalise(row);
        }
        match self.datatype {
            Datatype::Float32 => {}
            Datatype::Float16 => row.iter_mut().for_each(|value| *value = half::rounded(*value)),
            // A conversion of Rust's cuts off and stays in range: [70000, -3, 256] becomes [255, 0, 255].
            Datatype::Uint8 => row.iter_mut().for_each(|value| *value = f32::from(*value as u8)),
            Datatype::Turbo4 => coarsen(row),
        }
    }
}

/// Leaves each component one of sixteen values. Qdrant's own are others, and no less lossy.
fn coarsen(row: &mut [f32]) {
    let most = row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if most > 0.0 && most.is_finite() {
        let step = most / 7.5;
        row.iter_mut()
            .for_each(|value| *value = ((*value / step).floor().clamp(-8.0, 7.0) + 0.5) * step);
    }
}

/// Makes the length 1. A length that is nought or nearly so, and one that is 1 already, stays: Qdrant looks at the
/// square of the length (`is_length_zero_or_normalized` in lib/segment/src/spaces/tools.rs).
fn normalise(row: &mut [f32]) {
    // Eight sums side by side: the compiler turns them into one instruction.
    let mut sums = [0.0_f32; 8];
    let (eights, rest) = row.as_chunks::<8>();
    for eight in eights {
        for (sum, value) in sums.iter_mut().zip(eight) {
            *sum += value * value;
        }
    }
    let square = sums.iter().sum::<f32>() + rest.iter().map(|value| value * value).sum::<f32>();
    if square < f32::EPSILON || (square - 1.0).abs() <= 1e-6 {
        return;
    }
    let length = square.sqrt();
    row.iter_mut().for_each(|value| *value /= length);
}

impl Distance {
    /// How alike two rows are: the greater the nearer.
    pub(super) fn similarity(self, one: &[f32], other: &[f32]) -> f32 {
        let pairs = || one.iter().zip(other);
        match self {
            Distance::Cosine | Distance::Dot => pairs().map(|(a, b)| a * b).sum(),
            Distance::Euclid => -pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f32>(),
            Distance::Manhattan => -pairs().map(|(a, b)| (a - b).abs()).sum::<f32>(),
        }
    }

    /// What Qdrant tells as the score of a similarity: of distances, the distance.
    pub(super) fn told(self, similarity: f32) -> f32 {
        match self {
            Distance::Cosine | Distance::Dot => similarity,
            Distance::Euclid => similarity.abs().sqrt(),
            Distance::Manhattan => similarity.abs(),
        }
    }

    /// Whether a greater score is a nearer one.
    pub(super) fn descends(self) -> bool {
        matches!(self, Distance::Cosine | Distance::Dot)
    }

    /// The word in Qdrant's JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Distance::Cosine => "Cosine",
            Distance::Euclid => "Euclid",
            Distance::Dot => "Dot",
            Distance::Manhattan => "Manhattan",
        }
    }
}

impl Datatype {
    /// The word in Qdrant's JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Datatype::Float32 => "float32",
            Datatype::Float16 => "float16",
            Datatype::Uint8 => "uint8",
            Datatype::Turbo4 => "turbo4",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(distance: Distance, datatype: Datatype, row: &[f32]) -> Vec<f32> {
        let mut row = row.to_vec();
        VectorParams::new(row.len(), distance)
            .datatype(datatype)
            .stored(&mut row);
        row
    }

    #[test]
    fn vectors_are_stored_as_a_real_server_stored_them() {
        use Datatype::*;
        use Distance::*;
        assert_eq!(
            stored(Cosine, Float32, &[3.0, 4.0, 0.0, 0.0]),
            [0.6, 0.8, 0.0, 0.0]
        );
        assert_eq!(stored(Cosine, Float32, &[0.0, 0.0]), [0.0, 0.0]);
        assert_eq!(stored(Cosine, Float32, &[1e-20, 0.0]), [1e-20, 0.0]);
        assert_eq!(stored(Cosine, Uint8, &[3.0, 4.0, 200.0]), [3.0, 4.0, 200.0]);
        assert_eq!(stored(Cosine, Float16, &[3.0, 4.0]), [0.600_097_66, 0.799_804_7]);
        assert_eq!(stored(Dot, Float32, &[3e30, 4.123_457]), [3e30, 4.123_457]);
        assert_eq!(
            stored(Euclid, Float16, &[0.1, 70_000.0]),
            [0.099_975_586, f32::INFINITY]
        );
        assert_eq!(stored(Euclid, Uint8, &[0.1, 1.75, 200.5]), [0.0, 1.0, 200.0]);
        assert_eq!(stored(Dot, Uint8, &[70_000.0, -3.0, 256.0]), [255.0, 0.0, 255.0]);
    }
}
