//! The cells that comparisons look at unless told otherwise.

use super::select::matching;
use crate::plan::Plan;

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
