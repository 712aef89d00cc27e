//! How many points a page should have.
//!
//! As many as make about the bytes that are aimed at, by what points weighed lately; half as many whenever a page took
//! too long or was too large, and slowly more again while all goes well. Never none, never more than the most.

/// Points in the first page of all, whose weight is not known yet.
const FIRST: u32 = 64;

/// The size of the next page.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    /// Bytes a page should have.
    aim: usize,
    most: u32,
    /// Most points for now: lowered when a page was too much.
    ceiling: u32,
    /// Bytes of a point, as of late.
    weight: Option<usize>,
}

impl Pages {
    /// Pages of about `aim` bytes, and of at most `most` points.
    pub(super) fn new(aim: usize, most: u32) -> Pages {
        Pages {
            aim,
            most: most.max(1),
            ceiling: most.max(1),
            weight: None,
        }
    }

    /// Pages of `most` points, whatever they weigh.
    pub(super) fn of(most: u32) -> Pages {
        Pages {
            weight: Some(0),
            ..Pages::new(usize::MAX, most)
        }
    }

    /// Points to ask for.
    pub(super) fn points(&self) -> u32 {
        let fit = match self.weight {
            None => FIRST,
            Some(weight) => u32::try_from(self.aim / weight.max(1)).unwrap_or(u32::MAX),
        };
        fit.clamp(1, self.ceiling)
    }

    /// A page came.
    pub(super) fn came(&mut self, points: usize, bytes: usize) {
        self.ceiling = self.ceiling.saturating_add(self.ceiling / 8 + 1).min(self.most);
        let Some(weight) = bytes.checked_div(points) else {
            return;
        };
        self.weight = Some(match self.weight {
            None => weight,
            Some(before) => before - before / 4 + weight / 4,
        });
    }

    /// A page of so many points was too much.
    pub(super) fn too_much(&mut self, points: u32) {
        self.ceiling = (points / 2).clamp(1, self.ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Event {
        Came(usize, usize),
        TooMuch,
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let came = (0..2000usize, 0..100_000_000usize).prop_map(|(points, bytes)| Event::Came(points, bytes));
        proptest::collection::vec(prop_oneof![came, Just(Event::TooMuch)], 0..60)
    }

    fn after(mut pages: Pages, events: &[Event]) -> Pages {
        for event in events {
            match event {
                Event::Came(points, bytes) => pages.came(*points, *bytes),
                Event::TooMuch => pages.too_much(pages.points()),
            }
        }
        pages
    }

    proptest! {
        #[test]
        fn a_page_has_one_point_at_least_and_never_more_than_the_most(
            aim in 0..10_000_000usize, most in 0..5000u32, events in events(),
        ) {
            let points = after(Pages::new(aim, most), &events).points();
            prop_assert!(points >= 1 && points <= most.max(1));
        }

        #[test]
        fn too_much_halves_whatever_came_before(most in 1..5000u32, events in events()) {
            let mut pages = after(Pages::new(1 << 20, most), &events);
            let before = pages.points();
            pages.too_much(before);
            prop_assert!(pages.points() <= (before / 2).max(1));
        }

        /// Points of one weight: pages come to the bytes aimed at, and back to them after any trouble.
        #[test]
        fn pages_come_to_the_size_aimed_at(weight in 1..200_000usize, most in 1..2000u32, events in events()) {
            let aim = 1 << 20;
            let mut pages = after(Pages::new(aim, most), &events);
            for _ in 0..200 {
                let points = pages.points() as usize;
                pages.came(points, points * weight);
            }
            let points = pages.points() as usize;
            prop_assert!(points == 1 || points * weight <= aim + aim / 8);
            let larger = (points + points / 8 + 1) * weight;
            prop_assert!(points == most as usize || larger > aim - aim / 8, "{points} of {weight}");
        }
    }
}
