//! The products and their embeddings.
//! It promises that a nearest-neighbour search makes sense: products of one category lie together, and a
//! product's name says its category. A few embeddings are faulty, as a changed model leaves them.
//! What is sold of them is left to `commerce`.

use serde_json::Value;

use super::Maker;
use super::dice::Dice;
use super::values::*;

/// Components of every sound embedding in `products`.
pub const DIMENSIONS: usize = 64;

/// What products there are; the last word of a product's name.
pub const CATEGORIES: &[&str] = &[
    "chair",
    "table",
    "lamp",
    "sofa",
    "rug",
    "kettle",
    "knife",
    "headphones",
    "keyboard",
    "backpack",
    "tent",
    "bicycle",
];

const MATERIALS: &[&str] = &[
    "Oak", "Walnut", "Steel", "Linen", "Bamboo", "Copper", "Recycled", "Folding",
];

/// The middle of a category: what a search for its word would ask for.
pub fn embedding(category: &str) -> Vec<f64> {
    let mut dice = Dice::of(0, category);
    unit_length((0..DIMENSIONS).map(|_| dice.bell()).collect())
}

pub(super) fn product(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    let category = dice.pick(CATEGORIES);
    let mut fields = fields! {
        "name" => text(format!("{} {category}", dice.pick(MATERIALS))),
        "category" => text(category),
        "description" => text(dice.words(25)),
        "price" => money(dice.between(5, 2_000) * if dice.once_in(3) { 100 } else { 33 }),
        "currency" => text(dice.pick(&["EUR", "USD"])),
        "inStock" => boolean(!dice.once_in(6)),
        "weightKg" => double(dice.between(1, 400) as f64 / 10.0),
        "updatedAt" => timestamp(dice.moment()),
        "images" => array((0..dice.below(4)).map(|_| text(format!("img/{}.webp", dice.id(12)))).collect::<Vec<_>>()),
        "dimensions" => map(fields! {"w" => integer(dice.between(5, 300)), "h" => integer(dice.between(5, 300))}),
        "embedding" => vector(&near(category, dice)),
    };
    if dice.once_in(400) {
        fields.extend(
            fields! {"energyLabel" => text("A+"), "recall" => map(fields! {"reason" => text("wobbles")})},
        );
    }
    fields
}

/// A point near the middle of the category. Most models give single precision; some pipelines average
/// in double, and then a component no longer fits into single precision.
fn near(category: &str, dice: &mut Dice) -> Vec<f64> {
    let point = embedding(category)
        .iter()
        .map(|middle| middle + 0.06 * dice.bell())
        .collect();
    let mut point = unit_length(point);
    if !dice.once_in(5) {
        point
            .iter_mut()
            .for_each(|component| *component = f64::from(*component as f32));
    }
    if dice.once_in(500) {
        point.truncate(DIMENSIONS / 2);
    }
    point
}

fn unit_length(mut point: Vec<f64>) -> Vec<f64> {
    let length = point
        .iter()
        .map(|component| component * component)
        .sum::<f64>()
        .sqrt();
    point.iter_mut().for_each(|component| *component /= length);
    point
}

/// What keeps a product's embedding out of a `vector(64)` column, if anything does. Only a vector can be
/// faulty: any other value is kept as it is.
pub(super) fn fault(embedding: Option<&Value>) -> Option<&'static str> {
    let fields = &embedding?["mapValue"]["fields"];
    fields.get("__type__")?;
    let components = fields["value"]["arrayValue"]["values"].as_array()?;
    let single = |component: &Value| {
        component["doubleValue"]
            .as_f64()
            .is_some_and(|x| (x as f32).is_finite())
    };
    if components.len() != DIMENSIONS {
        return Some("vector dimension");
    }
    (!components.iter().all(single)).then_some("vector component")
}
