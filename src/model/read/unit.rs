//! Units: what a written one is worth in a field's own.

/// A product of powers of base units, and a factor.
#[derive(Clone, Debug, PartialEq)]
struct Dimension {
    factor: f64,
    /// Base units with exponents, sorted, none zero.
    powers: Vec<(String, i32)>,
}

/// Names, base unit, worth in it.
const KNOWN: [(&str, &str, f64); 43] = [
    ("quarter", "quarter", 1.0),
    ("year", "quarter", 4.0),
    ("month", "quarter", 1.0 / 3.0),
    ("week", "quarter", 7.0 / 91.3125),
    ("day", "quarter", 1.0 / 91.3125),
    ("hour", "quarter", 1.0 / 2_191.5),
    ("s", "quarter", 1.0 / 7_889_400.0),
    ("USD", "USD", 1.0),
    ("$", "USD", 1.0),
    ("kUSD", "USD", 1e3),
    ("MUSD", "USD", 1e6),
    ("BUSD", "USD", 1e9),
    ("W", "W", 1.0),
    ("kW", "W", 1e3),
    ("MW", "W", 1e6),
    ("GW", "W", 1e9),
    ("B", "GB", 1e-9),
    ("byte", "GB", 1e-9),
    ("MB", "GB", 1e-3),
    ("GB", "GB", 1.0),
    ("TB", "GB", 1e3),
    ("PB", "GB", 1e6),
    ("FLOP", "FLOP", 1.0),
    ("GFLOP", "FLOP", 1e9),
    ("TFLOP", "FLOP", 1e12),
    ("PFLOP", "FLOP", 1e15),
    ("OP", "OP", 1.0),
    ("TOP", "OP", 1e12),
    ("POP", "OP", 1e15),
    ("mm", "mm", 1.0),
    ("mm2", "mm2", 1.0),
    ("cm2", "mm2", 100.0),
    ("nm", "nm", 1.0),
    ("wafer", "wafer", 1.0),
    ("chip", "chip", 1.0),
    ("die", "die", 1.0),
    ("package", "package", 1.0),
    ("defect", "1", 1.0),
    ("TPP", "TPP", 1.0),
    ("H100e", "H100e", 1.0),
    ("token", "token", 1.0),
    ("1", "1", 1.0),
    ("%", "1", 0.01),
];

/// Worth of one written unit in the canonical one; none if they measure different things or one is unknown.
pub(crate) fn factor(written: &str, canonical: &str) -> Option<f64> {
    let (from, to) = (dimension(written, canonical)?, dimension(canonical, canonical)?);
    (from.powers == to.powers).then(|| from.factor / to.factor)
}

/// Units that a field takes, for an error's help.
pub(crate) fn examples(canonical: &str) -> String {
    let others: Vec<String> = if let Some(count) = canonical.strip_suffix("/quarter") {
        ["month", "year"].iter().map(|t| format!("{count}/{t}")).collect()
    } else {
        let family = dimension(canonical, canonical).and_then(|d| d.powers.first().cloned());
        let single = family.filter(|_| !canonical.contains('/'));
        let alike = KNOWN.iter().filter(|k| single.as_ref().is_some_and(|(base, p)| *p == 1 && k.1 == base));
        alike.filter(|k| k.0 != canonical && k.0 != "s").take(4).map(|k| k.0.to_owned()).collect()
    };
    let all: Vec<String> = std::iter::once(canonical.to_owned()).chain(others).collect();
    all.join(", ")
}

/// Reads `wafers/month`, `GB/s/mm2`, `USD/H100e-hour`, `USD per year`.
fn dimension(text: &str, canonical: &str) -> Option<Dimension> {
    let text = text.trim().replace(" per ", "/");
    let text = text.strip_prefix("per ").map_or(text.clone(), |rest| format!("1/{rest}"));
    let mut factor = 1.0;
    let mut powers: Vec<(String, i32)> = Vec::new();
    for (i, part) in text.split('/').enumerate() {
        for word in part.split(['-', '*']).map(str::trim) {
            let (base, worth, power) = base_unit(word, canonical)?;
            let power = if i == 0 { power } else { -power };
            factor *= if i == 0 { worth } else { 1.0 / worth };
            if base != "1" {
                match powers.iter_mut().find(|p| p.0 == base) {
                    Some(known) => known.1 += power,
                    None => powers.push((base, power)),
                }
            }
        }
    }
    powers.retain(|p| p.1 != 0);
    powers.sort();
    Some(Dimension { factor, powers })
}

fn base_unit(word: &str, canonical: &str) -> Option<(String, f64, i32)> {
    let plural = word.strip_suffix('s').filter(|w| !w.is_empty());
    let known = |w: &str| KNOWN.iter().find(|k| k.0 == w).map(|k| (k.1.to_owned(), k.2, 1));
    if let Some(found) = known(word).or_else(|| plural.and_then(known)) {
        return Some(found);
    }
    if let Some(single) = word.strip_suffix('2') {
        let (base, worth, _) = known(single).or_else(|| single.strip_suffix('s').and_then(known))?;
        return Some((base, worth * worth, 2));
    }
    // A good's own unit, such as `stacks`: known because the field's unit is made of it.
    let own = canonical.split(['/', '-', '*']).any(|w| w == word || w.strip_suffix('s') == Some(word));
    own.then(|| (word.strip_suffix('s').unwrap_or(word).to_owned(), 1.0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_within_their_kind_only() {
        let cases = [
            ("wafers/month", "wafers/quarter", Some(3.0)),
            ("USD/year", "USD/quarter", Some(0.25)),
            ("BUSD/year", "USD/quarter", Some(0.25e9)),
            ("GW", "MW", Some(1000.0)),
            ("defects/cm2", "defects/mm2", Some(0.01)),
            ("TB/s", "GB/s", Some(1000.0)),
            ("TB/year", "GB/quarter", Some(250.0)),
            ("years", "quarters", Some(4.0)),
            ("per year", "1/year", Some(1.0)),
            ("1/quarter", "1/year", Some(4.0)),
            ("stacks/month", "stacks/quarter", Some(3.0)),
            ("PFLOP/s", "TFLOP/s", Some(1000.0)),
            ("USD/H100e-hour", "USD/H100e-hour", Some(1.0)),
            ("%", "1", Some(0.01)),
            ("1/year2", "1/year2", Some(1.0)),
            ("chips", "chips/quarter", None),
            ("wafers/fortnight", "wafers/quarter", None),
            ("GB/month", "wafers/quarter", None),
        ];
        for (written, canonical, worth) in cases {
            let found = factor(written, canonical);
            let same = match (found, worth) {
                (Some(a), Some(b)) => (a / b - 1.0_f64).abs() < 1e-12,
                (a, b) => a == b,
            };
            assert!(same, "{written} in {canonical}: {found:?}");
        }
    }
}
