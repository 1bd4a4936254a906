//! Names for people: of metrics, cells and inputs.

use super::facts::{Facts, REACHABLE, RUN};
use super::phrase::Phrase;

/// A metric as people name it: `smuggled_chips_cum` is "smuggled chips since the start".
pub(super) fn metric(name: &str) -> String {
    if name == REACHABLE {
        return "largest possible run".to_owned();
    }
    if name == RUN {
        return "largest run trained".to_owned();
    }
    if let Some(size) = name.strip_prefix("quarters_to_") {
        return format!("quarters until a run of {size} FLOP");
    }
    let known = |word: &str| match word {
        "usd" | "mw" => Some(String::new()),
        "flop" => Some("run".to_owned()),
        "h100e" => Some("(H100e)".to_owned()),
        "tpp" => Some("(TPP)".to_owned()),
        "8bit" => Some("at 8 bits".to_owned()),
        "cum" => Some("since the start".to_owned()),
        _ => None,
    };
    let words = name.split('_').map(|word| known(word).unwrap_or_else(|| word.to_owned()));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Actor, metric and quarter of a cell as it is typed.
fn parts(cell: &str) -> Option<(&str, &str, &str)> {
    let (actor, rest) = cell.split_once('/')?;
    let (metric, quarter) = rest.split_once('@')?;
    Some((actor, metric, quarter))
}

/// A cell within a sentence: `what China could train by 2030Q4`.
pub(super) fn cell(facts: &Facts<'_>, cell: &str) -> Phrase {
    let Some((actor, name, quarter)) = parts(cell) else { return Phrase::default().name(cell) };
    let who = facts.name(actor);
    if name == REACHABLE {
        return Phrase::new("what ").name(&who).say(" could train by ").name(quarter);
    }
    if name == RUN {
        return Phrase::new("what ").name(&who).say(" is expected to have trained by ").name(quarter);
    }
    let whose = if who.ends_with('s') { format!("{who}'") } else { format!("{who}'s") };
    Phrase::default().name(&whose).say(" ").name(&metric(name)).say(" in ").name(quarter)
}

/// A cell as a heading: `China: largest possible run, 2030Q4`.
pub(super) fn cell_title(facts: &Facts<'_>, cell: &str) -> String {
    let Some((actor, name, quarter)) = parts(cell) else { return cell.to_owned() };
    // Names are as they are written; only our own article takes a capital.
    let who = facts.name(actor);
    let who = who.strip_prefix("the ").map_or_else(|| who.clone(), |rest| format!("The {rest}"));
    format!("{who}: {}, {quarter}", metric(name))
}

/// An input as people name it: `lab.openai.rent_budget` is "`OpenAI`: rent budget".
pub(super) fn input(facts: &Facts<'_>, path: &str) -> String {
    let words = |text: &str| text.replace(['_', '-', '.'], " ");
    let end = path.match_indices('.').nth(1).map_or(path.len(), |(at, _)| at);
    if let Some((table, rest)) = path.split_once(".*.") {
        return format!("all {table}s: {}", words(rest));
    }
    match facts.files.names.get(&path[..end]) {
        Some(title) if end < path.len() => format!("{title}: {}", words(&path[end + 1..])),
        Some(title) => title.clone(),
        None => words(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metric;

    #[test]
    fn metrics_have_names_that_people_read() {
        assert_eq!(metric("reachable_flop"), "largest possible run");
        assert_eq!(metric("smuggled_chips_cum"), "smuggled chips since the start");
        assert_eq!(metric("bought_h100e_8bit"), "bought (H100e) at 8 bits");
        assert_eq!(metric("quarters_to_1e26"), "quarters until a run of 1e26 FLOP");
        // No two metrics are called alike.
        let mut all: Vec<String> =
            Metric::ALL.iter().flat_map(|m| [metric(m.name()), metric(m.sum())]).collect();
        let known = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), known);
        assert!(all.iter().all(|words| !words.contains('_') && !words.is_empty()));
    }
}
