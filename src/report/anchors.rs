//! What sizes of training runs stand for: a model that people know, and thresholds of the law.

/// Sizes that people know \[FLOP\], and what they are; sources in `docs/model.md`.
pub const ANCHORS: [(f64, &str); 3] = [
    (1e25, "where the EU's AI Act presumes systemic risk"),
    (2.1e25, "about what GPT-4 took (Epoch AI)"),
    (1e26, "above which the US order of October 2023 asked for reports"),
];

/// A line on sizes between the smallest and the largest of some thresholds; empty where there are none.
pub(super) fn anchors(levels: impl Iterator<Item = f64>) -> String {
    let all: Vec<f64> = levels.collect();
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(0.0, f64::max);
    let told: Vec<String> = (ANCHORS.iter())
        .filter(|a| (low..=high).contains(&a.0))
        .map(|(size, what)| format!("{size:e}: {what}"))
        .collect();
    if told.is_empty() {
        String::new()
    } else {
        format!("FLOP of one run, to compare: {}\n", told.join("; "))
    }
}
