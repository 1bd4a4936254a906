//! "Did you mean": the nearest of the words that would have been right.

/// Bytes of a word that is compared.
const LONGEST: usize = 200;

/// The nearest candidate, if one is near enough to be what was meant.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is longer is no slip of the pen, and takes long to compare.
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|c| c.len() <= LONGEST)
        .map(|c| {
            (strsim::jaro_winkler(word, c) + 0.2 / (1.0 + strsim::damerau_levenshtein(word, c) as f64), c)
        })
        .filter(|(score, _)| *score > 0.82)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let words = ["capacity", "country", "defect_density", "good", "operator"];
        assert_eq!(suggest("capcity", words), Some("capacity"));
        assert_eq!(suggest("defectdensity", words), Some("defect_density"));
        assert_eq!(suggest("nothing_like_it", words), None);
    }
}
