//! Single values as they are typed: counts of draws, quarters, shares.

use crate::model::time::Quarter;
use crate::random::Sampler;
use crate::study::Part;

/// A number of draws, such as 10k.
pub(super) fn draws(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "");
    let (digits, factor) = match plain.strip_suffix(['k', 'K']) {
        Some(rest) => (rest, 1e3),
        None => plain.strip_suffix('M').map_or((plain.as_str(), 1.0), |rest| (rest, 1e6)),
    };
    let n: f64 = digits.parse().map_err(|_| "a number of draws, like 8192, 10k or 1M".to_owned())?;
    let n = n * factor;
    if !(1.0..=1e9).contains(&n) || n.fract() != 0.0 {
        return Err("a whole number of draws from 1 to 1000M".to_owned());
    }
    Ok(n as u64)
}

/// A way of placing points.
pub(super) fn sampler(text: &str) -> Result<Sampler, String> {
    text.parse().map_err(|e: crate::random::UnknownSampler| e.to_string())
}

/// A quarter, such as 2024Q4.
pub(super) fn quarter(text: &str) -> Result<Quarter, String> {
    Quarter::parse(text).ok_or_else(|| "a quarter, like 2024Q4".to_owned())
}

/// A number from 0 up.
pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    let x: f64 = text.parse().map_err(|_| "a number from 0 up".to_owned())?;
    if x >= 0.0 && x.is_finite() { Ok(x) } else { Err("a number from 0 up".to_owned()) }
}

/// A number from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let x: f64 = text.parse().map_err(|_| "a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&x) { Ok(x) } else { Err("a number from 0 to 1".to_owned()) }
}

/// A part, such as 3/64.
pub(super) fn part(text: &str) -> Result<Part, String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((number, of)) if 0 < number && number <= of => Ok(Part::Of { number, of }),
        _ => Err("a part of so many, like 3/64".to_owned()),
    }
}

/// A number of bytes, such as 2G.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let plain = text.trim_end_matches(['B', 'b', 'i']);
    let (digits, factor) = match plain.strip_suffix(['k', 'K']) {
        Some(rest) => (rest, 1e3),
        None => match (plain.strip_suffix('M'), plain.strip_suffix('G'), plain.strip_suffix('T')) {
            (Some(rest), _, _) => (rest, 1e6),
            (_, Some(rest), _) => (rest, 1e9),
            (_, _, Some(rest)) => (rest, 1e12),
            _ => (plain, 1.0),
        },
    };
    let n: f64 = digits.trim().parse().map_err(|_| "a size, like 500M or 2G".to_owned())?;
    if n > 0.0 && n.is_finite() { Ok((n * factor) as u64) } else { Err("a size, like 500M or 2G".to_owned()) }
}
