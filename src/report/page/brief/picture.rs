//! Pictures of a brief: intervals by row and bands over time, as SVG for print and in characters for Markdown.

use super::super::phrase::{Phrase, escape, significant};
use crate::math::ln;
use std::fmt::Write;

/// Width of a picture \[px\].
const WIDTH: f64 = 680.0;
/// Characters of a bar in text.
const BAR: usize = 34;
/// Characters of a label in text.
const LABEL: usize = 38;

/// How values are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// By their logarithm.
    Log,
    /// By their logarithm, and told as changes: 0.8 is −20%.
    Change,
    /// As they are.
    Plain,
}

/// An interval: 5% quantile, median, 95% quantile; of a tornado both ends, with the lower input's first, and no middle.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) low: f64,
    pub(super) middle: Option<f64>,
    pub(super) high: f64,
    /// One of three hues.
    pub(super) hue: usize,
}

/// Medians with bands over quarters, of one who is named.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) label: String,
    /// Quarter, 5% quantile, median, 95% quantile.
    pub(super) points: Vec<(String, [f64; 3])>,
    pub(super) hue: usize,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) enum Drawing {
    Rows(Vec<Row>),
    Courses(Vec<Course>),
}

/// A picture under a title that says what it finds.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) title: Phrase,
    /// How it is read.
    pub(super) note: String,
    pub(super) scale: Scale,
    pub(super) drawing: Drawing,
}

const HUES: [&str; 3] = ["#0072b2", "#c24e00", "#5b6570"];

impl Picture {
    /// Whether there is anything to be drawn.
    pub(super) fn is_empty(&self) -> bool {
        self.ends().is_none()
    }

    fn values(&self) -> Vec<f64> {
        match &self.drawing {
            Drawing::Rows(rows) => {
                rows.iter().flat_map(|r| [Some(r.low), r.middle, Some(r.high)]).flatten().collect()
            }
            Drawing::Courses(all) => all.iter().flat_map(|c| &c.points).flat_map(|p| p.1).collect(),
        }
    }

    /// A value's place before it is stretched.
    fn place(&self, x: f64) -> f64 {
        if self.scale == Scale::Plain { x } else { ln(x) }
    }

    /// Where the axis begins and ends, as places.
    fn ends(&self) -> Option<(f64, f64)> {
        let mut known: Vec<f64> = self.values().into_iter().filter(|x| x.is_finite()).collect();
        known.retain(|x| self.scale == Scale::Plain || *x > 0.0);
        if known.is_empty() {
            return None;
        }
        if self.scale == Scale::Change {
            known.push(1.0);
        }
        let places = known.into_iter().map(|x| self.place(x));
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        let room = if high > low { 0.04 * (high - low) } else { 0.5 };
        Some((low - room, high + room))
    }

    /// Where a value stands on the axis, from 0 to 1; what has no place stands at the start.
    fn at(&self, x: f64, (low, high): (f64, f64)) -> f64 {
        let place = if self.scale != Scale::Plain && x <= 0.0 { low } else { self.place(x) };
        ((place - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Values at which the axis is labelled, at most seven or so.
    fn ticks(&self, (low, high): (f64, f64)) -> Vec<f64> {
        let candidates: Vec<f64> = match self.scale {
            Scale::Log => {
                // Where the ends are close there may be no number of one digit between them.
                let fine = (high - low < 1.0).then(|| (10..100).map(|m| f64::from(m) / 10.0));
                let all: Vec<f64> =
                    [1.0, 2.0, 3.0, 5.0, 7.0].into_iter().chain(fine.into_iter().flatten()).collect();
                (-30..40).flat_map(|d| all.iter().map(move |m| m * power_of_ten(d))).collect()
            }
            Scale::Change => {
                let fine = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5];
                let up = fine.iter().flat_map(|s| (1..=5).map(move |k| 1.0 + s * f64::from(k)));
                let down = fine
                    .iter()
                    .flat_map(|s| (1..=5).map(move |k| 1.0 - s * f64::from(k)))
                    .filter(|r| *r > 0.15);
                up.chain(down).chain([0.01, 0.1, 4.0, 5.0, 10.0, 30.0, 100.0]).collect()
            }
            Scale::Plain => {
                let step = round_step((high - low) / 6.0);
                let first = (low / step).ceil() as i64;
                (0..12).map(|i| (first + i) as f64 * step).collect()
            }
        };
        let first = if self.scale == Scale::Change { vec![1.0] } else { Vec::new() };
        let mut kept: Vec<f64> = first;
        let apart = 0.12 * (high - low);
        let mut inside: Vec<f64> =
            candidates.into_iter().filter(|x| (low..=high).contains(&self.place(*x))).collect();
        // Round ones first.
        inside.sort_by_key(|x| {
            digits(if self.scale == Scale::Change { (100.0 * (x - 1.0)).abs() } else { x.abs() })
        });
        for x in inside {
            if kept.iter().all(|k| (self.place(*k) - self.place(x)).abs() >= apart) {
                kept.push(x);
            }
        }
        kept.sort_by(f64::total_cmp);
        kept
    }

    /// A value as people read it.
    fn words(&self, x: f64) -> String {
        match self.scale {
            Scale::Change => changed(x),
            _ => super::super::phrase::amount(x),
        }
    }

    /// For print.
    pub(super) fn svg(&self) -> String {
        let Some(ends) = self.ends() else { return String::new() };
        match &self.drawing {
            Drawing::Rows(rows) => self.svg_rows(rows, ends),
            Drawing::Courses(courses) => self.svg_courses(courses, ends),
        }
    }

    fn svg_rows(&self, rows: &[Row], ends: (f64, f64)) -> String {
        const LEFT: f64 = 270.0;
        let step = if rows.len() > 12 { 14.5 } else { 17.0 };
        let bottom = 6.0 + step * rows.len() as f64;
        let x = |v: f64| LEFT + (WIDTH - LEFT - 14.0) * self.at(v, ends);
        let mut out = open(bottom + 20.0, &self.title.plain());
        for tick in self.ticks(ends) {
            let _ = writeln!(
                out,
                "<path d=\"M{0:.1} 2V{bottom:.1}\" stroke=\"{2}\"/><text x=\"{0:.1}\" y=\"{1:.1}\" text-anchor=\"middle\">{3}</text>",
                x(tick),
                bottom + 14.0,
                if self.scale == Scale::Change && tick == 1.0 { "#5b6570" } else { "#dde1e5" },
                escape(&self.tick_words(tick))
            );
        }
        for (i, row) in rows.iter().enumerate() {
            let y = 6.0 + step * (i as f64 + 0.5);
            let hue = HUES[row.hue % HUES.len()];
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><path d=\"M{:.1} {y:.1}H{:.1}\" stroke=\"{hue}\" stroke-width=\"3\"/>",
                LEFT - 10.0,
                y + 3.8,
                escape(&cut(&row.label, 46)),
                x(row.low),
                x(row.high)
            );
            match row.middle {
                Some(middle) => {
                    let _ = writeln!(
                        out,
                        "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#fff\" stroke=\"{hue}\" stroke-width=\"2\"/>",
                        x(middle)
                    );
                }
                None => {
                    let _ = writeln!(
                        out,
                        "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#fff\" stroke=\"{hue}\" stroke-width=\"2\"/><circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{hue}\" stroke=\"{hue}\" stroke-width=\"2\"/>",
                        x(row.low),
                        x(row.high)
                    );
                }
            }
        }
        out + "</svg>\n"
    }

    fn svg_courses(&self, courses: &[Course], ends: (f64, f64)) -> String {
        const LEFT: f64 = 48.0;
        const RIGHT: f64 = 190.0;
        const BOTTOM: f64 = 190.0;
        let mut quarters: Vec<&String> = courses.iter().flat_map(|c| c.points.iter().map(|p| &p.0)).collect();
        quarters.sort();
        quarters.dedup();
        let last = quarters.len().saturating_sub(1).max(1) as f64;
        let across = |q: &String| {
            let place = quarters.binary_search(&q).unwrap_or(0) as f64;
            LEFT + (WIDTH - LEFT - RIGHT) * place / last
        };
        let up = |v: f64| BOTTOM - (BOTTOM - 8.0) * self.at(v, ends);
        let mut out = open(BOTTOM + 20.0, &self.title.plain());
        for tick in self.ticks(ends) {
            let y = up(tick);
            let _ = writeln!(
                out,
                "<path d=\"M{LEFT} {y:.1}H{:.1}\" stroke=\"#dde1e5\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 3.8,
                escape(&self.tick_words(tick))
            );
        }
        // Years stand at their first quarters.
        let mut year = "";
        for quarter in &quarters {
            let this = quarter.split('Q').next().unwrap_or(quarter);
            if this != year {
                year = this;
                let _ = writeln!(
                    out,
                    "<path d=\"M{0:.1} {BOTTOM}v4\" stroke=\"#5b6570\"/><text x=\"{0:.1}\" y=\"{1:.1}\" text-anchor=\"middle\">{year}</text>",
                    across(quarter),
                    BOTTOM + 16.0
                );
            }
        }
        let mut labels: Vec<(f64, &Course)> = Vec::new();
        for course in courses {
            let hue = HUES[course.hue % HUES.len()];
            let line = |i: usize| {
                course
                    .points
                    .iter()
                    .map(|p| format!("{:.1} {:.1}", across(&p.0), up(p.1[i])))
                    .collect::<Vec<_>>()
            };
            let mut band = line(0);
            band.extend(line(2).into_iter().rev());
            let _ = writeln!(
                out,
                "<path d=\"M{}Z\" fill=\"{hue}\" fill-opacity=\"0.16\"/><path d=\"M{}\" fill=\"none\" stroke=\"{hue}\" stroke-width=\"2.2\"/>",
                band.join("L"),
                line(1).join("L")
            );
            if let Some(end) = course.points.last() {
                labels.push((up(end.1[1]), course));
            }
        }
        // Names stand where lines end, and not on one another.
        labels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut lowest = f64::NEG_INFINITY;
        for (y, course) in labels {
            let y = y.max(lowest + 14.0);
            lowest = y;
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\" font-weight=\"600\">{}</text>",
                WIDTH - RIGHT + 7.0,
                y + 3.8,
                HUES[course.hue % HUES.len()],
                escape(&cut(&course.label, 30))
            );
        }
        out + "</svg>\n"
    }

    fn tick_words(&self, x: f64) -> String {
        self.words(x).replace(".0e", "e")
    }

    /// In characters, a line a row.
    pub(super) fn text(&self) -> String {
        let Some(ends) = self.ends() else { return String::new() };
        let mut rows: Vec<Row> = Vec::new();
        match &self.drawing {
            Drawing::Rows(all) => rows.clone_from(all),
            Drawing::Courses(all) => {
                for course in all {
                    let years = course.points.iter().filter(|p| p.0.ends_with("Q4")).collect::<Vec<_>>();
                    let step = years.len().div_ceil(5).max(1);
                    let mut shown: Vec<_> = years.iter().rev().step_by(step).collect();
                    shown.reverse();
                    rows.extend(shown.into_iter().map(|(quarter, [low, middle, high])| Row {
                        label: format!("{}, {quarter}", cut(&course.label, LABEL - 8)),
                        low: *low,
                        middle: Some(*middle),
                        high: *high,
                        hue: 0,
                    }));
                }
            }
        }
        let wide = rows.iter().map(|r| cut(&r.label, LABEL).chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for row in &rows {
            let place = |x: f64| (self.at(x, ends) * (BAR - 1) as f64).round() as usize;
            let (from, to) = (place(row.low).min(place(row.high)), place(row.low).max(place(row.high)));
            let sign = |i: usize| match row.middle {
                Some(middle) if i == place(middle) => '●',
                None if i == place(row.high) => '●',
                None if i == place(row.low) => '○',
                _ if (from..=to).contains(&i) => '─',
                _ if self.scale == Scale::Change && i == place(1.0) => '│',
                _ => ' ',
            };
            let bar: String = (0..BAR).map(sign).collect();
            let numbers = match row.middle {
                Some(middle) => {
                    format!("{} ({} to {})", self.words(middle), self.words(row.low), self.words(row.high))
                }
                None => format!("{} to {}", self.words(row.low), self.words(row.high)),
            };
            let label = cut(&row.label, LABEL);
            let gap = " ".repeat(wide - label.chars().count());
            let _ = writeln!(out, "{label}{gap}  {bar}  {numbers}");
        }
        // A fence ends what is drawn: no label may hold one.
        out.replace('`', "'")
    }
}

fn open(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.1}\" role=\"img\" aria-label=\"{}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#1b1f24\">\n",
        escape(title)
    )
}

fn power_of_ten(d: i32) -> f64 {
    format!("1e{d}").parse().expect("a power of ten is a number")
}

/// A step of 1, 2 or 5 times a power of ten.
fn round_step(rough: f64) -> f64 {
    let power = (-30..40).map(power_of_ten).rfind(|p| *p <= rough).unwrap_or(1.0);
    [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough).unwrap_or(10.0 * power)
}

/// How many digits a number has beside zeros, and whether the first is no 1: rounder numbers come first.
fn digits(x: f64) -> (usize, bool) {
    let text = format!("{x:.3e}");
    let head: String = text.chars().take_while(|c| *c != 'e').filter(char::is_ascii_digit).collect();
    let head = head.trim_end_matches('0');
    (head.len(), !head.starts_with('1'))
}

/// A quotient as the change that it is.
pub(super) fn changed(ratio: f64) -> String {
    if !ratio.is_finite() {
        return "–".to_owned();
    }
    if ratio >= 3.0 {
        return format!("×{}", significant(ratio));
    }
    let share = 100.0 * (ratio - 1.0);
    if share.abs() < 0.05 {
        return "0".to_owned();
    }
    format!("{}{}%", if share < 0.0 { "−" } else { "+" }, significant(share.abs()))
}

/// A text of at most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(scale: Scale, rows: &[(f64, Option<f64>, f64)]) -> Picture {
        let row = |r: &(f64, Option<f64>, f64)| Row {
            label: "a `row`".to_owned(),
            low: r.0,
            middle: r.1,
            high: r.2,
            hue: 0,
        };
        let drawing = Drawing::Rows(rows.iter().map(row).collect());
        Picture { title: Phrase::new("A title"), note: String::new(), scale, drawing }
    }

    #[test]
    fn a_factor_is_a_distance_and_an_end_is_marked() {
        let picture = rows(Scale::Change, &[(0.5, Some(1.0), 2.0)]);
        let text = picture.text();
        let bar: Vec<char> = text.chars().skip("a 'row'  ".len()).take(BAR).collect();
        let at = bar.iter().position(|c| *c == '●').unwrap();
        let (from, to) =
            (bar.iter().position(|c| *c == '─').unwrap(), bar.iter().rposition(|c| *c == '─').unwrap());
        // Half and double are as far from no change, to a character.
        assert!((at - from).abs_diff(to - at) <= 1, "{text}");
        assert!(text.ends_with("0 (−50% to +100%)\n"), "{text}");
        assert!(!text.contains('`'));
        // Of a tornado the hollow end is that of the input's lowest tenth, whichever is larger.
        let falling = rows(Scale::Log, &[(8e26, None, 1e26)]).text();
        assert!(falling.find('●').unwrap() < falling.find('○').unwrap(), "{falling}");
    }

    #[test]
    fn axes_have_a_few_round_ticks_within_their_ends() {
        for (scale, low, high) in [
            (Scale::Log, 3e24, 8e28),
            (Scale::Log, 2.1e26, 2.9e26),
            (Scale::Change, 0.55, 9.1),
            (Scale::Change, 0.99, 1.02),
            (Scale::Plain, -3.0, 17.0),
        ] {
            let picture = rows(scale, &[(low, None, high)]);
            let ends = picture.ends().unwrap();
            let ticks = picture.ticks(ends);
            assert!((2..=9).contains(&ticks.len()), "{scale:?} {low} to {high}: {ticks:?}");
            assert!(ticks.iter().all(|t| (ends.0..=ends.1).contains(&picture.place(*t))), "{ticks:?}");
            assert!(scale != Scale::Change || ticks.contains(&1.0));
        }
    }

    #[test]
    fn what_cannot_be_placed_is_no_picture() {
        assert!(rows(Scale::Log, &[(0.0, None, 0.0)]).is_empty());
        assert_eq!(rows(Scale::Log, &[]).text(), "");
        assert_eq!(["a b c", "abcdef"].map(|t| cut(t, 5)), ["a b c", "abcd…"]);
    }
}
