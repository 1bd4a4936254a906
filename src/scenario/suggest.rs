//! "Did you mean": the nearest of the words that would have been right, by spelling or by what they stand for.

/// Bytes of a word that is compared.
const LONGEST: usize = 200;

/// What people write, and what it is called here.
const SAME: [(&str, &str); 30] = [
    ("america", "us"),
    ("usa", "us"),
    ("united-states", "us"),
    ("cn", "china"),
    ("prc", "china"),
    ("nl", "netherlands"),
    ("holland", "netherlands"),
    ("jp", "japan"),
    ("kr", "south-korea"),
    ("korea", "south-korea"),
    ("tw", "taiwan"),
    ("my", "malaysia"),
    ("sg", "singapore"),
    ("uk", "united-kingdom"),
    ("gb", "united-kingdom"),
    ("emirates", "uae"),
    ("gpu", "chip"),
    ("accelerator", "chip"),
    ("fab", "facility"),
    ("plant", "facility"),
    ("company", "designer"),
    ("license", "licensing"),
    ("licence", "licensing"),
    ("smuggling", "diversion"),
    ("event", "shock"),
    ("compute", "fleet_h100e"),
    ("flop", "reachable_flop"),
    ("power", "grid"),
    ("price_of_rent", "rent_price"),
    ("export", "rule"),
];

/// What separates parts of a word or of a path.
fn separates(c: char) -> bool {
    matches!(c, '.' | '/' | '@' | '-' | '_' | ' ')
}

/// The nearest candidate, if one is near enough to be what was meant.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is longer is no slip of the pen, and takes long to compare.
    if word.len() > LONGEST || word.is_empty() {
        return None;
    }
    let all: Vec<&str> = candidates.into_iter().filter(|c| c.len() <= LONGEST).collect();
    let lower = word.to_lowercase();
    let spelled = |word: &str| {
        let scored = all.iter().map(|c| {
            let near = 0.2 / (1.0 + strsim::damerau_levenshtein(word, c) as f64);
            (strsim::jaro_winkler(word, c) + near, *c)
        });
        scored.filter(|(score, _)| *score > 0.82).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
    };
    // Another name for the same, part by part: `country.NL.grid`.
    let other: Vec<&str> = (lower.split('.'))
        .map(|part| SAME.iter().find(|same| same.0 == part).map_or(part, |same| same.1))
        .collect();
    let other = other.join(".");
    let exactly = |word: &str| all.iter().find(|c| **c == word).copied();
    if let Some(found) = exactly(&lower).or_else(|| exactly(&other)) {
        return Some(found);
    }
    if let Some(found) = by_parts(&lower, &all) {
        return Some(found);
    }
    // A part of a word: `duv` of `immersion-duv`; the shortest that has it.
    let has = |c: &&&str| c.split(separates).any(|part| part == lower);
    let part = || all.iter().filter(has).min_by_key(|c| c.len()).copied();
    let renamed = || Some(&other).filter(|o| **o != lower).and_then(|o| spelled(o));
    part().or_else(|| spelled(word)).or_else(renamed)
}

/// A path of which some part but the last is called otherwise, or only in part, and the rest up to it is right: `tool.duv.life`.
fn by_parts<'a>(lower: &str, all: &[&'a str]) -> Option<&'a str> {
    let own: Vec<&str> = lower.split('.').collect();
    let (last, before) = own.split_last()?;
    let renamed = |part: &str| SAME.iter().find(|same| same.0 == part).map(|same| same.1);
    let means = |own: &str, theirs: &str| {
        own == theirs || renamed(own) == Some(theirs) || theirs.split(separates).any(|part| part == own)
    };
    let fits = |c: &&&str| {
        let mut theirs = c.split('.');
        let pairs: Vec<(&str, &str)> = before.iter().copied().zip(&mut theirs).collect();
        pairs.len() == before.len()
            && pairs.iter().all(|(own, theirs)| means(own, theirs))
            && pairs.iter().any(|(own, theirs)| own != theirs)
    };
    let rest = |c: &str| c.split('.').skip(before.len()).collect::<Vec<_>>().join(".");
    let near = |c: &&&str| strsim::jaro_winkler(last, &rest(c));
    all.iter().filter(fits).max_by(|a, b| near(a).total_cmp(&near(b))).copied()
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
        assert_eq!(suggest("", words), None);
    }

    #[test]
    fn finds_what_is_called_otherwise() {
        let names = ["china", "netherlands", "south-korea", "taiwan", "us", "immersion-duv", "euv"];
        for (word, meant) in [
            ("US", "us"),
            ("USA", "us"),
            ("nl", "netherlands"),
            ("Korea", "south-korea"),
            ("duv", "immersion-duv"),
            ("PRC", "china"),
        ] {
            assert_eq!(suggest(word, names), Some(meant), "{word}");
        }
        assert_eq!(
            suggest("country.NL.grid", ["country.netherlands.grid"]),
            Some("country.netherlands.grid")
        );
        assert_eq!(suggest("xx", names), None);
        let paths =
            ["tool.euv.life", "tool.immersion-duv.share", "tool.immersion-duv.life", "country.us.grid"];
        assert_eq!(suggest("tool.duv.life", paths), Some("tool.immersion-duv.life"));
        assert_eq!(suggest("country.USA.grid", paths), Some("country.us.grid"));
        assert_eq!(suggest("tool.euv.lfe", paths), Some("tool.euv.life"));
    }
}
