//! Quantities as people write them: `45k`, `10k to 400k`, `triangular(1, 2, 5) truncated(1, 4)`.

use crate::random::{Distribution, DistributionError, Form};
use crate::scenario::limits::{EXPRESSION, MIXTURES};
use std::ops::Range;

/// What is wrong with an expression, and where in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Names of forms, for suggestions.
const FORMS: [&str; 9] =
    ["normal", "lognormal", "uniform", "triangular", "pert", "beta", "discrete", "bernoulli", "mixture"];

/// Reads a plain number with an optional suffix: `45k`, `1.2M`, `5%`, `1_000`, `3e14`.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let suffixes = [("%", 0.01), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)];
    let (digits, factor) =
        suffixes.iter().find_map(|(s, f)| plain.strip_suffix(s).map(|d| (d, *f))).unwrap_or((&plain, 1.0));
    let starts_well = digits.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+' || c == '.');
    let x: f64 = digits.trim_end().parse().ok()?;
    // Dividing by 100 rounds once where multiplying by 0.01 would round twice.
    let value = if factor == 0.01 { x / 100.0 } else { x * factor };
    (starts_well && value.is_finite()).then_some(value)
}

/// Reads an expression; `share` makes a plain interval logit-normal.
pub(crate) fn parse(text: &str, share: bool) -> Result<Distribution, Wrong> {
    if text.len() > EXPRESSION {
        let message = format!("a number or a distribution has {EXPRESSION} characters at most");
        return Err(Parser::wrong(0..0, message));
    }
    let mut parser = Parser { text, at: 0, share, depth: 0 };
    let distribution = parser.distribution()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(Parser::wrong(parser.at..text.len(), "there is more after the end"));
    }
    Ok(distribution)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    share: bool,
    /// Mixtures that are being read, one within the other.
    depth: usize,
}

/// An argument: its name, its value, where it is.
struct Argument {
    name: Option<String>,
    value: f64,
    span: Range<usize>,
}

impl Parser<'_> {
    fn wrong(span: Range<usize>, message: impl Into<String>) -> Wrong {
        Wrong { span, message: message.into(), help: None }
    }

    fn failed(span: Range<usize>, error: &DistributionError) -> Wrong {
        let help = match error {
            DistributionError::Swapped(a, b) => Some(format!("write {b} to {a}")),
            DistributionError::Must { must: "above 0" | "below 1", .. } => {
                Some("an interval of a share lies within 0 and 1; `uniform(a, b)` may touch them".to_owned())
            }
            _ => None,
        };
        Wrong { span, message: error.to_string(), help }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), Wrong> {
        if self.eat(token) {
            return Ok(());
        }
        let end = (self.at + self.rest().chars().next().map_or(0, char::len_utf8)).max(self.at);
        Err(Self::wrong(self.at..end, format!("`{token}` expected here")))
    }

    /// A word of letters.
    fn word(&mut self) -> Option<(String, Range<usize>)> {
        self.skip_space();
        let end =
            self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest().len());
        let word = &self.rest()[..end];
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let (word, start) = (word.to_owned(), self.at);
        self.at += end;
        Some((word, start..start + end))
    }

    fn number(&mut self) -> Result<(f64, Range<usize>), Wrong> {
        self.skip_space();
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start;
        while end < bytes.len() {
            let c = bytes[end];
            let sign = (c == b'-' || c == b'+') && (end == start || matches!(bytes[end - 1], b'e' | b'E'));
            if !(c.is_ascii_alphanumeric() || c == b'.' || c == b'_' || c == b'%' || sign) {
                break;
            }
            end += 1;
        }
        let word = &self.text[start..end];
        if let Some(x) = parse_number(word) {
            self.at = end;
            Ok((x, start..end))
        } else {
            let shown = end.max(start + self.rest().chars().next().map_or(0, char::len_utf8));
            let mut wrong = Self::wrong(start..shown, "a number expected here");
            wrong.help = Some("numbers are written 45000, 45k, 1.2M, 3e14 or 5%".to_owned());
            Err(wrong)
        }
    }

    fn distribution(&mut self) -> Result<Distribution, Wrong> {
        self.skip_space();
        let start = self.at;
        let mut d = match self.word() {
            Some((name, span)) => self.form(&name, span)?,
            None => self.interval()?,
        };
        loop {
            let before = self.at;
            match self.word() {
                Some((word, _)) if word == "truncated" => {
                    let arguments = self.arguments()?;
                    let [low, high] = self.take(&arguments, &["low", "high"], start)?;
                    d = d.truncated(low, high).map_err(|e| Self::failed(before..self.at, &e))?;
                }
                _ => {
                    self.at = before;
                    return Ok(d);
                }
            }
        }
    }

    /// A number, or two with `to`.
    fn interval(&mut self) -> Result<Distribution, Wrong> {
        let (low, first) = self.number()?;
        let before = self.at;
        if self.word().is_none_or(|(w, _)| w != "to") {
            self.at = before;
            return Ok(Distribution::fixed(low));
        }
        let (high, last) = self.number()?;
        let form = if self.share {
            Form::LogitNormal
        } else if low > 0.0 && high > 0.0 {
            Form::Lognormal
        } else {
            Form::Normal
        };
        Distribution::interval(low, high, form).map_err(|e| Self::failed(first.start..last.end, &e))
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, Wrong> {
        self.expect("(")?;
        let mut list = Vec::new();
        while !self.eat(")") {
            if !list.is_empty() {
                self.expect(",")?;
            }
            let before = self.at;
            let name = match self.word() {
                Some((word, _)) if self.eat("=") => Some(word),
                _ => {
                    self.at = before;
                    None
                }
            };
            let (value, span) = self.number()?;
            list.push(Argument { name, value, span });
        }
        Ok(list)
    }

    /// Arguments by position or by name.
    fn take<const N: usize>(
        &self,
        given: &[Argument],
        names: &[&str; N],
        start: usize,
    ) -> Result<[f64; N], Wrong> {
        let mut values = [None; N];
        for (i, argument) in given.iter().enumerate() {
            let place = match &argument.name {
                None => i,
                Some(name) => names.iter().position(|n| n == name).ok_or_else(|| {
                    Self::wrong(
                        argument.span.clone(),
                        format!("there is no `{name}`: it takes {}", names.join(", ")),
                    )
                })?,
            };
            let slot = values.get_mut(place).ok_or_else(|| {
                Self::wrong(argument.span.clone(), format!("too many numbers: it takes {}", names.join(", ")))
            })?;
            if slot.replace(argument.value).is_some() {
                return Err(Self::wrong(argument.span.clone(), format!("`{}` is given twice", names[place])));
            }
        }
        let mut out = [0.0; N];
        for (i, value) in values.into_iter().enumerate() {
            out[i] = value.ok_or_else(|| {
                Self::wrong(
                    start..self.at,
                    format!("`{}` is missing: it takes {}", names[i], names.join(", ")),
                )
            })?;
        }
        Ok(out)
    }

    fn form(&mut self, name: &str, span: Range<usize>) -> Result<Distribution, Wrong> {
        let start = span.start;
        let made = match name {
            "discrete" => self.discrete()?,
            "mixture" => self.mixture()?,
            "normal" => {
                let a = self.arguments()?;
                let [mean, sd] = self.take(&a, &["mean", "sd"], start)?;
                Distribution::normal(mean, sd)
            }
            "lognormal" => self.lognormal(start)?,
            "uniform" => {
                let a = self.arguments()?;
                let [low, high] = self.take(&a, &["low", "high"], start)?;
                Distribution::uniform(low, high)
            }
            "triangular" | "pert" => {
                let a = self.arguments()?;
                let [low, mode, high] = self.take(&a, &["low", "mode", "high"], start)?;
                if name == "pert" {
                    Distribution::pert(low, mode, high)
                } else {
                    Distribution::triangular(low, mode, high)
                }
            }
            "beta" => {
                let a = self.arguments()?;
                if a.len() == 2 {
                    let [a, b] = self.take(&a, &["a", "b"], start)?;
                    Distribution::beta(a, b, 0.0, 1.0)
                } else {
                    let [a, b, min, max] = self.take(&a, &["a", "b", "min", "max"], start)?;
                    Distribution::beta(a, b, min, max)
                }
            }
            "bernoulli" => {
                let a = self.arguments()?;
                let [p] = self.take(&a, &["p"], start)?;
                Distribution::bernoulli(p)
            }
            _ => {
                let mut wrong = Self::wrong(span, format!("there is no distribution `{name}`"));
                let near = crate::scenario::suggest(name, FORMS);
                wrong.help = Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are `a to b`, {}", FORMS.join(", ")),
                });
                return Err(wrong);
            }
        };
        made.map_err(|e| Self::failed(start..self.at, &e))
    }

    /// `lognormal(p05=, p50=, p95=)`: two or three quantiles, by name or as 5% and 95%.
    fn lognormal(&mut self, start: usize) -> Result<Result<Distribution, DistributionError>, Wrong> {
        let arguments = self.arguments()?;
        let by_place: &[f64] = if arguments.len() == 2 { &[0.05, 0.95] } else { &[0.05, 0.5, 0.95] };
        if !(2..=3).contains(&arguments.len()) {
            return Err(Self::wrong(
                start..self.at,
                "a lognormal takes two or three quantiles, like p05=1, p95=9",
            ));
        }
        let mut quantiles = Vec::new();
        for (i, a) in arguments.iter().enumerate() {
            let p = match &a.name {
                None => by_place[i],
                Some(name) => name
                    .strip_prefix('p')
                    .and_then(|digits| digits.parse::<f64>().ok())
                    .map(|percent| percent / 100.0)
                    .filter(|p| *p > 0.0 && *p < 1.0)
                    .ok_or_else(|| {
                        Self::wrong(a.span.clone(), format!("`{name}` is no quantile: write p05, p50, p95"))
                    })?,
            };
            quantiles.push((p, a.value));
        }
        Ok(Distribution::lognormal(&quantiles))
    }

    /// `discrete(0: 25%, 1: 75%)`.
    fn discrete(&mut self) -> Result<Result<Distribution, DistributionError>, Wrong> {
        self.expect("(")?;
        let mut values = Vec::new();
        while !self.eat(")") {
            if !values.is_empty() {
                self.expect(",")?;
            }
            let (x, _) = self.number()?;
            self.expect(":")?;
            values.push((x, self.number()?.0));
        }
        Ok(Distribution::discrete(&values))
    }

    /// `mixture(70%: 10 to 20, 30%: 50 to 90)`.
    fn mixture(&mut self) -> Result<Result<Distribution, DistributionError>, Wrong> {
        self.expect("(")?;
        if self.depth == MIXTURES {
            let message = format!("mixtures lie {MIXTURES} deep in one another at most");
            return Err(Self::wrong(self.at - 1..self.at, message));
        }
        self.depth += 1;
        let mut parts = Vec::new();
        while !self.eat(")") {
            if !parts.is_empty() {
                self.expect(",")?;
            }
            let (weight, _) = self.number()?;
            self.expect(":")?;
            parts.push((weight, self.distribution()?));
        }
        self.depth -= 1;
        Ok(Distribution::mixture(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_suffixes() {
        let numbers = ["45000", "45k", "1.2M", "5%", "1_000", "3e14", "-2.5", "0.5B", "2T"];
        let read: Vec<f64> = numbers.iter().map(|t| parse_number(t).unwrap()).collect();
        assert_eq!(read, [45e3, 45e3, 1.2e6, 0.05, 1e3, 3e14, -2.5, 5e8, 2e12]);
        for bad in ["", "k", "12x", "inf", "nan", "1e999", "1,5"] {
            assert_eq!(parse_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn forms_take_arguments_by_place_and_by_name() {
        let same = |a: &str, b: &str| assert_eq!(parse(a, false), parse(b, false), "{a}");
        same("normal(1, 2)", "normal(sd=2, mean=1)");
        same("10k to 400k", "lognormal(p05=10k, p95=400k)");
        same("lognormal(10, 140, 400)", "lognormal(p05=10, p50=140, p95=400)");
        same("beta(2, 3)", "beta(a=2, b=3, min=0, max=1)");
        same("bernoulli(30%)", "discrete(0: 70%, 1: 30%)");
        assert!(parse("mixture(70%: 10 to 20, 30%: triangular(1, 2, 5)) truncated(2, 15)", false).is_ok());
    }

    #[test]
    fn errors_point_into_the_text() {
        let cases = [
            ("400k to 10k", 0..11, "the ends are swapped: 400000 to 10000"),
            ("nomal(1, 2)", 0..5, "there is no distribution `nomal`"),
            ("normal(1)", 0..9, "`sd` is missing: it takes mean, sd"),
            ("normal(1, 2, 3)", 13..14, "too many numbers: it takes mean, sd"),
            ("normal(mu=1, 2)", 10..11, "there is no `mu`: it takes mean, sd"),
            ("10 too 20", 3..9, "there is more after the end"),
            ("10 to twenty", 6..12, "a number expected here"),
            ("lognormal(p05=9, p50=3, p95=10)", 0..31, "the quantiles are out of order: 9 at 5%, 3 at 50%"),
            ("discrete(0: 25%, 1: 25%)", 0..24, "the probabilities sum to 50%, not to 100%"),
            ("uniform(1, 2", 12..12, "`,` expected here"),
        ];
        for (text, span, message) in cases {
            let wrong = parse(text, false).unwrap_err();
            assert_eq!((wrong.span, wrong.message.as_str()), (span, message), "{text}");
        }
    }
}
