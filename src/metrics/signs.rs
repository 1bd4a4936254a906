//! What signs look at: each must be a metric of an actor.

use super::series::Series;
use crate::model::Model;
use crate::scenario::Diagnostics;

/// Notes signs that look at nothing that is recorded, each at its place.
pub fn check_signs(model: &Model, series: &[Series], diagnostics: &mut Diagnostics) {
    for sign in &model.answers.signs {
        if series.iter().any(|s| s.is(&sign.actor, &sign.metric)) {
            continue;
        }
        let own: Vec<&str> = series.iter().filter(|s| s.actor == sign.actor).map(Series::name).collect();
        let message = if own.is_empty() {
            format!("there is no actor `{}`", sign.actor)
        } else {
            format!("`{}` has no metric `{}`", sign.actor, sign.metric)
        };
        let d = diagnostics.error(&sign.place, message, "nothing to wait for");
        if own.is_empty() {
            d.suggest(&sign.actor, series.iter().map(|s| s.actor.as_str()));
        } else if !d.suggest(&sign.metric, own.iter().copied()) {
            d.help(format!("it has {}", own.join(", ")));
        }
    }
}
