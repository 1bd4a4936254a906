//! The cells that comparisons look at unless told otherwise, and recordings cut to what they need.

use super::Plan;
use super::series::{Recording, SelectError, Source, matching};

/// Patterns of the chief cells at year ends: training compute of chief labs, countries and groups, designers' revenue, ratios.
///
/// Chief labs are those of the headline, or all. Patterns that match nothing are left out.
pub fn chief_cells(plan: &Plan) -> Vec<String> {
    let run = &plan.model.run;
    let mut labs: Vec<String> = run.headline.iter().filter(|a| a.starts_with("lab.")).cloned().collect();
    if labs.is_empty() {
        labs.push("lab.*".to_owned());
    }
    let mut ends = vec!["*Q4".to_owned()];
    if run.horizon.last.number() != 4 {
        ends.push(run.horizon.last.to_string());
    }
    let trained = "{reachable_flop,run_flop,accessible_h100e}";
    let heads = labs.iter().map(|lab| format!("{lab}/{trained}")).chain([
        format!("country.*/{trained}"),
        format!("group.*/{trained}"),
        "designer.*/{revenue_usd,revenue_usd_cum}".to_owned(),
        "ratio.*/ratio".to_owned(),
    ]);
    let all: Vec<String> =
        heads.flat_map(|head| ends.iter().map(move |end| format!("{head}@{end}"))).collect();
    matching(plan, &all).unwrap_or_default()
}

impl Recording {
    /// Chosen cells, recording no series that they do not need; tracked are those of actors that they name.
    ///
    /// # Errors
    /// If a pattern selects nothing, or a ratio names what does not exist.
    pub fn lean(plan: &Plan, select: &[String]) -> Result<Self, SelectError> {
        let whole = Self::new(plan, select)?;
        let named = |actor: &str| whole.names.iter().any(|c| c.actor == actor);
        let tracked: Vec<usize> =
            whole.tracked.iter().copied().filter(|&s| named(&whole.series[s].actor)).collect();
        let mut needed = vec![false; whole.series.len()];
        for s in whole.cells.iter().map(|c| c.1).chain(tracked.iter().copied()) {
            needed[s] = true;
        }
        // A ratio's parts come before it.
        for (i, series) in whole.series.iter().enumerate().rev() {
            if let (true, Source::Ratio(of, over)) = (needed[i], &series.source) {
                needed[*of] = true;
                needed[*over] = true;
            }
        }
        let mut place = vec![0; needed.len()];
        let mut series = Vec::new();
        for (i, mut one) in whole.series.into_iter().enumerate().filter(|(i, _)| needed[*i]) {
            if let Source::Ratio(of, over) = &mut one.source {
                (*of, *over) = (place[*of], place[*over]);
            }
            place[i] = series.len();
            series.push(one);
        }
        Ok(Self {
            series,
            cells: whole.cells.into_iter().map(|(t, s)| (t, place[s])).collect(),
            names: whole.names,
            tracked: tracked.into_iter().map(|s| place[s]).collect(),
            watched: Vec::new(),
        })
    }
}
