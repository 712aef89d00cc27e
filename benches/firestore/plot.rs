//! Panels of lines over a logarithmic number of documents, as SVG. What is drawn upwards is linear from zero, or
//! logarithmic by whole decades.

use std::fmt::Write;

/// A line, and where it goes.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines that belong together.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// What is drawn upwards, by decades.
    pub(crate) logarithmic: bool,
    pub(crate) lines: Vec<Line>,
    /// What no line may cross, and what it is.
    pub(crate) bound: Option<(f64, String)>,
}

/// Told apart by everybody, in print as well (Okabe and Ito).
const COLOURS: [&str; 4] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
/// Left, right, above and below a panel.
const MARGIN: [f64; 4] = [64.0, 70.0, 40.0, 44.0];
/// Lines of a grid, about.
const TICKS: f64 = 5.0;
/// How rules look: of a grid, and one that no line may cross.
const GRID: &str = "stroke=\"#ddd\"";
const BOUND: &str = "stroke=\"#000\" stroke-dasharray=\"4 3\"";
/// Between two names, at least, upwards; and how wide one is.
const APART: f64 = 13.0;
const NAME: f64 = 50.0;

/// Panels beside each other.
pub(crate) fn plot(panels: &[Panel]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH * panels.len() as f64
    );
    for (place, panel) in panels.iter().enumerate() {
        writeln!(svg, "<g transform=\"translate({}, 0)\">", WIDTH * place as f64).unwrap();
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

/// Where values are drawn upwards, and which of them have a rule.
struct Upwards {
    logarithmic: bool,
    bottom: f64,
    top: f64,
    rules: Vec<f64>,
}

impl Upwards {
    fn over(values: &[f64], logarithmic: bool) -> Upwards {
        let most = values.iter().copied().fold(1.0, f64::max);
        let least = values.iter().copied().fold(most, f64::min).max(1.0);
        if logarithmic {
            let [bottom, top] = [least.log10().floor(), most.log10().ceil()];
            let rules = (bottom as i32..=top as i32).map(|decade| 10_f64.powi(decade));
            let rules = rules.collect();
            return Upwards {
                logarithmic,
                bottom,
                top,
                rules,
            };
        }
        let step = step(most);
        let rules: Vec<f64> = (0..=(most / step).ceil() as i32)
            .map(|times| f64::from(times) * step)
            .collect();
        Upwards {
            logarithmic,
            bottom: 0.0,
            top: (most / step).ceil() * step,
            rules,
        }
    }

    fn of(&self, value: f64) -> f64 {
        let value = if self.logarithmic {
            value.max(1.0).log10()
        } else {
            value
        };
        let [_, _, above, below] = MARGIN;
        HEIGHT - below - (value - self.bottom) / (self.top - self.bottom) * (HEIGHT - above - below)
    }
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let (least, most) = points().fold((f64::INFINITY, 0.0_f64), |(least, most), (x, _)| {
            (least.min(*x), most.max(*x))
        });
        let bound = self.bound.as_ref().map(|(value, _)| *value);
        let values: Vec<f64> = points().map(|(_, y)| *y).chain(bound).collect();
        let upwards = Upwards::over(&values, self.logarithmic);
        let [left, right, above, _] = MARGIN;
        let decades = (most / least).log10().max(1.0);
        let x = |value: f64| left + (value / least).log10() / decades * (WIDTH - left - right);
        let y = |value: f64| upwards.of(value);
        let (floor, end) = (HEIGHT - MARGIN[3], WIDTH - right);
        text(svg, (left, above - 18.0), "start", "#000", self.title);
        for value in &upwards.rules {
            rule(svg, (left, y(*value)), (end, y(*value)), GRID);
            text(
                svg,
                (left - 6.0, y(*value) + 4.0),
                "end",
                "#555",
                &spelled(*value),
            );
        }
        for documents in std::iter::successors(Some(least), |it| Some(it * 10.0)).take_while(|it| *it <= most)
        {
            rule(svg, (x(documents), floor), (x(documents), floor + 4.0), GRID);
            text(
                svg,
                (x(documents), floor + 18.0),
                "middle",
                "#555",
                &spelled(documents),
            );
        }
        text(
            svg,
            ((left + end) / 2.0, HEIGHT - 8.0),
            "middle",
            "#555",
            "documents",
        );
        if let Some((value, what)) = &self.bound {
            rule(svg, (left, y(*value)), (end, y(*value)), BOUND);
            text(svg, (left + 4.0, y(*value) + 14.0), "start", "#000", what);
        }
        for (line, colour) in self.lines.iter().zip(COLOURS) {
            line.draw(svg, colour, &x, &y);
        }
        self.names(svg, &x, &y);
    }

    /// The name of each line at its end, from above: each below the one before, where they would lie upon each other.
    fn names(&self, svg: &mut String, x: &impl Fn(f64) -> f64, y: &impl Fn(f64) -> f64) {
        let ends = self.lines.iter().zip(COLOURS).filter_map(|(line, colour)| {
            let (at, value) = line.points.last()?;
            Some((x(*at), y(*value), &line.name, colour))
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by(|one, other| one.1.total_cmp(&other.1));
        let mut taken: Vec<(f64, f64)> = Vec::new();
        for (at, mut height, name, colour) in ends {
            // Names at different ends do not meet.
            for (_, other) in taken.iter().filter(|(place, _)| (place - at).abs() < NAME) {
                height = f64::max(height, other + APART);
            }
            taken.push((at, height));
            text(svg, (at + 8.0, height + 4.0), "start", colour, name);
        }
    }
}

impl Line {
    fn draw(&self, svg: &mut String, colour: &str, x: &impl Fn(f64) -> f64, y: &impl Fn(f64) -> f64) {
        let places: Vec<(f64, f64)> = self
            .points
            .iter()
            .map(|(at, value)| (x(*at), y(*value)))
            .collect();
        let way: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let way = way.join(" ");
        writeln!(
            svg,
            "<polyline points=\"{way}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        )
        .unwrap();
        for (x, y) in places {
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            )
            .unwrap();
        }
    }
}

/// A round number that goes a few times into `most`.
fn step(most: f64) -> f64 {
    let rough = f64::max(most, 1.0) / TICKS;
    let decade = 10_f64.powf(rough.log10().floor());
    let good = [1.0, 2.0, 5.0, 10.0].into_iter();
    good.map(|times| times * decade)
        .find(|step| *step >= rough)
        .unwrap()
}

fn spelled(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", value / 1e6),
        value if value >= 1e3 => format!("{} k", value / 1e3),
        value => value.to_string(),
    }
}

/// A text, with white around it where it lies over a line.
fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, text: &str) {
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\" paint-order=\"stroke\" stroke=\"#fff\" \
         stroke-width=\"4\">{text}</text>"
    )
    .unwrap();
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64), style: &str) {
    writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {style}/>",
        from.0, from.1, to.0, to.1
    )
    .unwrap();
}
