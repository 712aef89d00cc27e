//! Panels of lines over a logarithmic number of documents, as SVG.

use std::fmt::Write;

/// A line, and where it goes.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Told apart by everybody, in print as well (Okabe and Ito).
const COLOURS: [&str; 4] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
/// Left, right, above and below a panel.
const MARGIN: [f64; 4] = [64.0, 70.0, 40.0, 44.0];
/// Lines of a grid, about.
const TICKS: f64 = 5.0;
/// Between two labels, at least.
const APART: f64 = 13.0;

/// Panels beside each other, each with a title and the lines in it.
pub(crate) fn plot(panels: &[(&str, Vec<Line>)]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH * panels.len() as f64
    );
    for (place, (title, lines)) in panels.iter().enumerate() {
        writeln!(svg, "<g transform=\"translate({}, 0)\">", WIDTH * place as f64).unwrap();
        panel(&mut svg, title, lines);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

fn panel(svg: &mut String, title: &str, lines: &[Line]) {
    let points = || lines.iter().flat_map(|line| &line.points);
    let (least, most) = points().fold((f64::INFINITY, 0.0_f64), |(least, most), (x, _)| {
        (least.min(*x), most.max(*x))
    });
    let step = step(points().map(|(_, y)| *y).fold(0.0, f64::max));
    let top = (points().map(|(_, y)| *y).fold(0.0, f64::max) / step).ceil() * step;
    let [left, right, above, below] = MARGIN;
    let decades = (most / least).log10().max(1.0);
    let x = |value: f64| left + (value / least).log10() / decades * (WIDTH - left - right);
    let y = |value: f64| HEIGHT - below - value / top * (HEIGHT - above - below);
    text(svg, (left, above - 18.0), "start", "#000", title);
    let mut value = 0.0;
    while value <= top {
        rule(svg, (left, y(value)), (WIDTH - right, y(value)));
        text(svg, (left - 6.0, y(value) + 4.0), "end", "#555", &spelled(value));
        value += step;
    }
    let mut documents = least;
    while documents <= most {
        rule(svg, (x(documents), y(0.0)), (x(documents), y(0.0) + 4.0));
        text(
            svg,
            (x(documents), y(0.0) + 18.0),
            "middle",
            "#555",
            &spelled(documents),
        );
        documents *= 10.0;
    }
    text(svg, (left, HEIGHT - 8.0), "start", "#555", "documents");
    let mut labels: Vec<(f64, usize, f64)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let way: Vec<String> = line
            .points
            .iter()
            .map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)))
            .collect();
        let colour = COLOURS[number % COLOURS.len()];
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            way.join(" ")
        )
        .unwrap();
        for (at, value) in &line.points {
            writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(*at),
                y(*value)
            )
            .unwrap();
        }
        labels.extend(line.points.last().map(|(at, value)| (y(*value), number, x(*at))));
    }
    // From above: each label below the one before, where they would lie upon each other.
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = 0.0;
    for (height, number, at) in labels {
        let height = f64::max(height, free);
        free = height + APART;
        let colour = COLOURS[number % COLOURS.len()];
        text(
            svg,
            (at + 8.0, height + 4.0),
            "start",
            colour,
            &lines[number].name,
        );
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

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, text: &str) {
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>"
    )
    .unwrap();
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/>",
        from.0, from.1, to.0, to.1
    )
    .unwrap();
}
